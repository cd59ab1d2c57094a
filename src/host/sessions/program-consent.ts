import type { AskProgramConsent } from '../../session/tracing/program-consent';
import { consentLine } from '../../shared/bpf/program-policy';
import { askModal } from '../ui/messages';

const PROCEED = 'Attach Anyway';

/** One dialog that names each program that may change the system, and what it may do: yes is for those programs only. */
export const askProgramConsent: AskProgramConsent = async ({ objectName, target, programs }) =>
  (await askModal(
    'warning',
    {
      message: `${objectName} does not only observe: it may change ${target}.`,
      detail: programs.map(program => `• ${consentLine(program)}`),
    },
    PROCEED,
  )) === PROCEED;
