import type { AskProgramConsent } from '../../session/tracing/program-consent';
import { consentLine } from '../../shared/bpf/program-policy';
import { askModal } from '../ui/messages';

const PROCEED = 'Attach Anyway';

/** One dialog that names each program that may change the system, and what it may do: yes is for those programs only. */
export const askProgramConsent: AskProgramConsent = async ({ object, target, programs }) =>
  (await askModal(
    'warning',
    {
      message: `${object} does not only observe: it may change ${target}.`,
      detail: programs.map(program => `• ${consentLine(program)}`),
    },
    PROCEED,
  )) === PROCEED;
