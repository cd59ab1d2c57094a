/** The Templates view: categories with their templates. A click opens the README; the inline action creates a program. */
import * as vscode from 'vscode';
import { CATEGORIES } from '../../templates/catalogue';
import { ContextKeys } from '../common/command-ids';
import { treeItem } from '../ui/items';
import type { Template, TemplateCatalogue } from './catalogue';

export type TemplateNode =
  | { readonly kind: 'category'; readonly category: string }
  | { readonly kind: 'template'; readonly template: Template };

export class TemplateTree implements vscode.TreeDataProvider<TemplateNode> {
  constructor(private readonly catalogue: TemplateCatalogue) {}

  async getChildren(node?: TemplateNode): Promise<TemplateNode[]> {
    const templates = await this.catalogue.all();
    if (!node) {
      // Set only now, because a tree that is not read yet is empty too.
      void vscode.commands.executeCommand('setContext', ContextKeys.noTemplates, templates.length === 0);
      return CATEGORIES.filter(category =>
        templates.some(template => template.manifest.category === category),
      ).map(category => ({ kind: 'category', category }));
    }
    if (node.kind === 'template') return [];
    return templates
      .filter(template => template.manifest.category === node.category)
      .map(template => ({ kind: 'template', template }));
  }

  getTreeItem(node: TemplateNode): vscode.TreeItem {
    return node.kind === 'category' ? categoryItem(node.category) : templateItem(node.template);
  }
}

function categoryItem(category: string): vscode.TreeItem {
  return treeItem({
    label: category.charAt(0).toUpperCase() + category.slice(1),
    id: `category:${category}`,
    contextValue: 'category',
    expanded: true,
  });
}

function templateItem({ manifest, readme, source }: Template): vscode.TreeItem {
  const { title, name, purpose, answers, needs, panels } = manifest;
  return treeItem({
    label: title,
    description: name,
    tooltip: [
      title,
      '',
      purpose,
      ...answers.map(answer => `• ${answer}`),
      ...(needs.length > 0 ? ['', `Needs: ${needs.join('; ')}`] : []),
    ],
    spoken: `Template ${title}: ${purpose}`,
    id: `template:${name}`,
    contextValue: 'template',
    icon: new vscode.ThemeIcon(panels[0] === 'events' ? 'list-flat' : 'graph'),
    command: readme
      ? { command: 'markdown.showPreview', title: 'Open README', arguments: [readme] }
      : { command: 'vscode.open', title: 'Open Source', arguments: [source] },
  });
}
