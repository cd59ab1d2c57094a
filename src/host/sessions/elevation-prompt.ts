/**
 * The prompts before anything gets privileges: which capabilities and why, then sudo's password. The password goes from
 * the input box to sudo's standard input and is stored nowhere.
 */
import type { Capabilities } from '../../session/elevation/capabilities';
import type { ElevationUi, ElevationWay } from '../../session/elevation/elevation';
import { askText } from '../ui/inputs';
import { askModal } from '../ui/messages';

const WAYS: Readonly<Record<ElevationWay, string>> = {
  already: 'You already have them, so no password is needed.',
  'sudo-password': 'sudo asks for your password next.',
  'sudo-terminal': 'sudo asks for your password.',
  pkexec: "Your desktop's authentication dialog (pkexec) asks for your password next.",
};

export class ElevationPrompt implements ElevationUi {
  readonly hasTerminal = false;
  /** Capabilities the user approved in this window: the same question is not asked twice. */
  private readonly agreed = new Set<string>();
  /** `purpose`: what the password is for, if no consent was asked before. */
  constructor(private readonly purpose = 'to start the BPF tracer') {}

  private asking: { readonly objectName: string; readonly capabilities: string } | null = null;

  async consent(request: {
    readonly way: ElevationWay;
    readonly capabilities: Capabilities;
    readonly objectName: string;
  }): Promise<boolean> {
    const capabilities = request.capabilities.map(entry => capabilityName(entry.capability)).join(', ');
    this.asking = { objectName: request.objectName, capabilities };
    const key = `${request.way} ${capabilities}`;
    if (this.agreed.has(key)) return true;
    const reasons = request.capabilities.map(entry => `• ${capabilityName(entry.capability)}: ${entry.why}`);
    const proceed = 'Continue';
    const answer = await askModal(
      'information',
      {
        message: `Attaching ${request.objectName} needs capabilities${request.way === 'already' ? '' : ' that you do not have'}.`,
        detail: [
          'A small tracer process runs as your user with only these capabilities until the session ends:',
          '',
          ...reasons,
          '',
          WAYS[request.way],
        ],
      },
      proceed,
    );
    if (answer !== proceed) return false;
    this.agreed.add(key);
    return true;
  }

  async password(request: { readonly prompt: string; readonly attempt: number }): Promise<string | null> {
    const what = this.asking
      ? `to attach ${this.asking.objectName} with ${this.asking.capabilities}`
      : this.purpose;
    const again = request.attempt > 1 ? 'Wrong password, try again. ' : '';
    const answer = await askText({
      title: 'BPF: Your Password for sudo',
      prompt: `${again}${what}. Escape cancels.`,
      placeholder: request.prompt,
      password: true,
      staysOpen: true,
    });
    return answer ?? null;
  }
}

/** In the notation of capabilities(7). */
function capabilityName(name: string): string {
  return `CAP_${name.toUpperCase()}`;
}
