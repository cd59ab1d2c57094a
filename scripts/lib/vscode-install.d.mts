/** See vscode-install.mjs; what else it exports is declared where it is exported again, in vscode-server.d.mts. */
export function npmEnvironment(nodePath: string): Record<string, string>;
