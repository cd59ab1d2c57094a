import type { AskProgramConsent } from '../../session/tracing/program-consent';
import { consentLine } from '../../shared/bpf/program-policy';
import { askModal } from '../ui/messages';

const PROCEED = 'Attach Anyway';

/** One dialog that lists each program that may change the system and how; the consent covers only those programs. */
export const askProgramConsent: AskProgramConsent = async ({ objectName, target, programs }) =>
  (await askModal(
    'warning',
    {
      message: `${objectName} does not only observe: it may change ${target}.`,
      detail: programs.map(program => `• ${consentLine(program)}`),
    },
    PROCEED,
  )) === PROCEED;
