import { constants } from 'node:fs';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export type Acceleration = 'kvm' | 'tcg';

/** Whether KVM worked since this machine booted; after a reboot the kernel or host may differ. */
interface Verdict {
  readonly bootId: string;
  readonly works: boolean;
}

/** The accelerations to try, in order; KVM only when /dev/kvm is accessible and has not failed since this machine booted. */
export async function accelerationsToTry(
  wanted: 'auto' | Acceleration,
  cacheFolder: string,
): Promise<Acceleration[]> {
  if (wanted !== 'auto') return [wanted];
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
