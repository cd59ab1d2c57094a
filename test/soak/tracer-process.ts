/** What the tracer costs while it works, read in the guest. */
import { sharedGuest } from '../kernel/bench/guest';

export interface TracerCosts {
  readonly residentMb: number;
  readonly descriptors: number;
}

export async function tracerCosts(pid: number): Promise<TracerCosts> {
  const guest = await sharedGuest();
  const text = await guest.sh(`grep VmRSS /proc/${pid}/status; ls /proc/${pid}/fd | wc -l`);
  const [, kilobytes = '', descriptors = ''] = /VmRSS:\s+(\d+) kB\n(\d+)/.exec(text) ?? [];
  return { residentMb: Number(kilobytes) / 1024, descriptors: Number(descriptors) };
}
