/** The Templates view: categories, and in each its templates. A click opens the README; the inline action makes a file. */
import * as vscode from 'vscode';
import { CATEGORIES } from '../../templates/catalogue';
import { ContextKeys } from '../command-ids';
import type { Template, TemplateCatalogue } from './catalogue';

export type TemplateNode =
  | { readonly kind: 'category'; readonly category: string }
  | { readonly kind: 'template'; readonly template: Template };

export class TemplateTree implements vscode.TreeDataProvider<TemplateNode> {
  constructor(private readonly catalogue: TemplateCatalogue) {}

  async getChildren(node?: TemplateNode): Promise<TemplateNode[]> {
    const templates = await this.catalogue.all();
    if (!node) {
      // Only then does the view say so: a tree that is not read yet is empty, too.
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
  const label = category.charAt(0).toUpperCase() + category.slice(1);
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `category:${category}`;
  item.contextValue = 'category';
  return item;
}

function templateItem({ manifest, readme, source }: Template): vscode.TreeItem {
  const item = new vscode.TreeItem(manifest.title);
  item.id = `template:${manifest.name}`;
  item.description = manifest.name;
  item.contextValue = 'template';
  item.iconPath = new vscode.ThemeIcon(manifest.panels[0] === 'events' ? 'list-flat' : 'graph');
  item.accessibilityInformation = { label: `Template ${manifest.title}: ${manifest.purpose}` };
  item.command = readme
    ? { command: 'markdown.showPreview', title: 'Open README', arguments: [readme] }
    : { command: 'vscode.open', title: 'Open Source', arguments: [source] };
  const tooltip = new vscode.MarkdownString();
  tooltip
    .appendMarkdown('**')
    .appendText(manifest.title)
    .appendMarkdown('**\n\n')
    .appendText(manifest.purpose);
  for (const answer of manifest.answers) tooltip.appendMarkdown('\n- ').appendText(answer);
  if (manifest.needs.length > 0) tooltip.appendMarkdown('\n\nNeeds: ').appendText(manifest.needs.join('; '));
  item.tooltip = tooltip;
  return item;
}
