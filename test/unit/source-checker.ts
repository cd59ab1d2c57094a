/** The sources of src as TypeScript's own checker sees them, for tests that say where something may be used. */
import path from 'node:path';
import type { Identifier, Node } from 'typescript/unstable/ast';
import { isIdentifier } from 'typescript/unstable/ast/is';
import { API, type Checker, type Project } from 'typescript/unstable/sync';

const root = path.resolve(import.meta.dirname, '../..');

export class SourceChecker {
  private readonly api = new API({ cwd: root });
  private readonly project: Project;

  constructor() {
    const config = path.join(root, 'src/tsconfig.json');
    const project = this.api.updateSnapshot({ openProjects: [config] }).getProject(config);
    if (!project) throw new Error(`${config} was not opened`);
    this.project = project;
  }

  get checker(): Checker {
    return this.project.checker;
  }

  /** Paths relative to the repository's root, below one of `folders`. */
  filesIn(...folders: readonly string[]): string[] {
    return this.project.program
      .getSourceFileNames()
      .map(name => path.relative(root, name))
      .filter(file => folders.some(folder => file.startsWith(`${folder}/`)));
  }

  /** Every node of the file, parents first. */
  nodesOf(file: string): Node[] {
    const source = this.project.program.getSourceFile(path.join(root, file));
    if (!source) throw new Error(`${file} is not in the project`);
    const nodes: Node[] = [];
    const walk = (node: Node) => {
      nodes.push(node);
      node.forEachChild(child => {
        walk(child);
        return undefined;
      });
    };
    walk(source);
    return nodes;
  }

  /** Uses in the file of names that one of `declaredIn` declares (the end of its path). */
  usesOf(file: string, names: ReadonlySet<string>, declaredIn: readonly string[]): Identifier[] {
    const candidates = this.nodesOf(file)
      .filter(isIdentifier)
      .filter(({ text }) => names.has(text));
    const symbols = this.checker.getSymbolAtLocation(candidates);
    return candidates.filter((_, index) =>
      symbols[index]?.declarations.some(each => declaredIn.some(end => each.path.endsWith(end))),
    );
  }

  close(): void {
    this.api.close();
  }
}
