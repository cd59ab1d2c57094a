export interface VscodeInstallation {
  /** Holds everything; nothing outside of it is needed to run the server. */
  readonly folder: string;
  readonly server: string;
  readonly serverMain: string;
  /** The Node to run `serverMain` with. */
  readonly nodePath: string;
  readonly version: string;
}
export interface ServerOptions {
  readonly dataFolder: string;
  /** Default: the loopback address. */
  readonly host?: string;
  readonly port?: number;
  readonly trusted?: boolean;
  readonly testDriver?: boolean;
  readonly reconnectionGraceS?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly readyTimeoutMs?: number;
}
export type Payload = readonly (readonly [name: string, value: string])[];
export interface RunningServer {
  readonly port: number;
  readonly pid: number;
  readonly token: string;
  readonly logPath: string;
  readonly closed: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  address(folder: string, payload?: Payload): string;
  close(): Promise<void>;
}
type Settings = Readonly<Record<string, unknown>>;

export class VscodeServerError extends Error {}
export const quietSettings: Settings;
export function missingVscodePackages(): Promise<string[]>;
export function ensureVscodeServer(log?: (line: string) => void): Promise<VscodeInstallation>;
export function vscodeAt(folder: string): Promise<VscodeInstallation>;
export function writeSettings(
  dataFolder: string,
  settings: { user: Settings; machine?: Settings },
): Promise<void>;
export function addExtension(
  vscode: VscodeInstallation,
  dataFolder: string,
  extension: string,
): Promise<void>;
export function workbenchAddress(options: {
  readonly port: number;
  readonly token: string;
  readonly folder: string;
  readonly payload?: Payload;
}): string;
export function startVscodeServer(vscode: VscodeInstallation, options: ServerOptions): Promise<RunningServer>;
