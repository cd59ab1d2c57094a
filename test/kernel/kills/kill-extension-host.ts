/**
 * Runs in the guest as root beside a VS Code there: says "ready" before anything is attached, and with the first byte on
 * its input kills the extension host. Prints a line of JSON, Leftovers.
 */
import { once } from 'node:events';
import { killAndLook, loadedObjects } from './leftovers';
import { processesNaming } from './processes';

async function main(): Promise<void> {
  const before = loadedObjects();
  console.log('ready');
  await once(process.stdin, 'data');
  process.stdin.destroy();
  const hosts = processesNaming('--type=extensionHost').map(({ pid }) => pid);
  if (hosts.length !== 1) throw new Error(`there are ${hosts.length} extension hosts`);
  // VS Code starts another at once.
  console.log(JSON.stringify(await killAndLook(hosts, before, () => [])));
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
