/** A client that boots a guest, says so, and then does nothing until it is killed (see death.test.ts). */
import { SandboxVm } from '../../../src/session/vm/sandbox-vm';

const [agentPath = '', memoryMb = '512'] = process.argv.slice(2);
const vm = await SandboxVm.boot({ agentPath, memoryMb: Number(memoryMb) });
console.log(`qemu ${vm.qemuPid}`);
setInterval(() => {}, 1 << 30);
