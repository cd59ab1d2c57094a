/** Pick lists for parameter values: what the target and its files offer. */
import * as vscode from 'vscode';
import type { Target } from '../../session/targets/target';
import { listDisks, listProcesses } from '../../session/targets/target-lists';
import { userFile } from '../../session/targets/user-files';
import { fileFunctions, fileProbes } from '../../session/targets/user-functions';
import type { BpfObject, Parameter } from '../../shared/object/model';
import { type Choice, PickList } from '../ui/inputs';

interface Item extends Choice {
  readonly value: string;
}

export interface PickRequest {
  readonly parameter: Parameter;
  readonly object: Pick<BpfObject, 'programs' | 'parameters'>;
  readonly values: ReadonlyMap<string, string>;
  readonly target: Target;
}

/** The user's choice for a parameter; null if they chose nothing. Rejects with errors for the user. */
export async function pickValue(request: PickRequest): Promise<string | null> {
  const { parameter, target } = request;
  switch (parameter.role) {
    case 'pid':
    case 'tid':
      return pick('Choose Process', 'Every process', everyOne(parameter), () => processItems(target));
    case 'comm':
      return pick('Choose Command', 'Every command', everyOne(parameter), () => commandItems(target));
    case 'device':
      return pick('Choose Disk', 'Every disk', everyOne(parameter), () => diskItems(target));
    case 'path':
      return pickFile();
    case 'function':
      return pick('Choose Function', '', null, () => functionItems(request));
    case 'usdt':
      return pick('Choose Probe', '', null, () => probeItems(request));
    default:
      return null;
  }
}

/** The value that means "all" by convention, if it is the default. */
function everyOne({ defaultValue }: Parameter): string | null {
  return defaultValue === '0' || defaultValue === '' ? defaultValue : null;
}

/** VS Code shows a list of this length without delay. */
const MOST_ITEMS = 2_000;

/** A list filtered by typing; if it is long, VS Code gets only the matching entries. */
async function pick(
  title: string,
  everyLabel: string,
  every: string | null,
  load: () => Promise<readonly Item[]>,
): Promise<string | null> {
  const list = new PickList<Item>({ title, placeholder: 'Type to narrow the list' });
  try {
    const all = await Promise.race([load(), list.chosen]);
    if (all === null || 'value' in all) return all?.value ?? null;
    const first = every === null ? [] : [{ label: everyLabel, value: every }];
    const narrow = () => {
      const wanted = list.typed.trim().toLowerCase();
      const matching =
        all.length <= MOST_ITEMS ? all : all.filter(({ label }) => label.toLowerCase().includes(wanted));
      list.fill([...first, ...matching.slice(0, MOST_ITEMS)]);
    };
    narrow();
    if (all.length > MOST_ITEMS) {
      list.setPlaceholder(`Type to narrow ${all.length} entries`);
      list.onDidType(narrow);
    }
    return (await list.chosen)?.value ?? null;
  } finally {
    list.dispose();
  }
}

async function processItems(target: Target): Promise<Item[]> {
  return (await listProcesses(target)).map(({ pid, comm, commandLine }) => ({
    label: comm,
    description: String(pid),
    detail: commandLine === '' ? 'kernel thread' : commandLine,
    value: String(pid),
  }));
}

async function commandItems(target: Target): Promise<Item[]> {
  const counts = new Map<string, number>();
  for (const { comm } of await listProcesses(target)) counts.set(comm, (counts.get(comm) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([comm, count]) => ({
      label: comm,
      description: count === 1 ? '1 process' : `${count} processes`,
      value: comm,
    }));
}

async function diskItems(target: Target): Promise<Item[]> {
  return (await listDisks(target)).map(({ device, name, bytes }) => ({
    label: name,
    description: device,
    detail: `${(bytes / 2 ** 30).toFixed(1)} GiB`,
    value: device,
  }));
}

async function pickFile(): Promise<string | null> {
  const picked = await vscode.window.showOpenDialog({ title: 'Choose File', openLabel: 'Choose' });
  return picked?.[0]?.fsPath ?? null;
}

async function functionItems(request: PickRequest): Promise<Item[]> {
  const file = fileOf(request);
  const names =
    file === null ? await kernelFunctions(request.target) : await fileFunctions(await userFile(file));
  return names.map(name => ({ label: name, value: name }));
}

async function probeItems(request: PickRequest): Promise<Item[]> {
  const file = fileOf(request);
  const names = file === null ? [] : await fileProbes(await userFile(file));
  return names.map(name => ({ label: name, value: name }));
}

/** The file that the parameter's programs attach to; null for the kernel. */
function fileOf({ parameter, object, values }: PickRequest): string | null {
  const inFile = object.programs.some(
    ({ attachPoint, targetParameter }) =>
      targetParameter === parameter.name && /^(u(ret)?probe|usdt)$/.test(attachPoint.kind),
  );
  const file = object.parameters.find(candidate => candidate.role === 'path')?.name;
  return inFile && file !== undefined ? (values.get(file) ?? '') : null;
}

async function kernelFunctions(target: Target): Promise<string[]> {
  const { btf } = await target.readBtf();
  const names = new Set<string>();
  for (const id of btf.ids('func')) names.add(btf.name(id));
  return [...names].sort();
}
