import { constants } from 'node:fs';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export type Acceleration = 'kvm' | 'tcg';

/** What was seen of KVM since this machine started; another boot may bring another kernel or host. */
interface Verdict {
  readonly bootId: string;
  readonly works: boolean;
}

/** What to try, in order: KVM only where /dev/kvm may be used and has not failed since this machine started. */
export async function accelerationsToTry(
  wish: 'auto' | Acceleration,
  cacheFolder: string,
): Promise<Acceleration[]> {
  if (wish !== 'auto') return [wish];
  const usable = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!usable || (await knownToFail(cacheFolder))) return ['tcg'];
  return ['kvm', 'tcg'];
}

export async function rememberKvm(works: boolean, cacheFolder: string): Promise<void> {
  const bootId = await machineBootId();
  if (bootId === null) return;
  await mkdir(cacheFolder, { recursive: true });
  await writeFile(verdictFile(cacheFolder), JSON.stringify({ bootId, works } satisfies Verdict));
}

async function knownToFail(cacheFolder: string): Promise<boolean> {
  try {
    const verdict: Partial<Verdict> = JSON.parse(await readFile(verdictFile(cacheFolder), 'utf8'));
    return verdict.works === false && verdict.bootId === (await machineBootId());
  } catch {
    return false;
  }
}

const verdictFile = (cacheFolder: string): string => path.join(cacheFolder, 'kvm.json');

const machineBootId = (): Promise<string | null> =>
  readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    text => text.trim(),
    () => null,
  );
