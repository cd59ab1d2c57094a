/**
 * The contract between the extension host and the page for a program's parameters. The host keeps the values and
 * validates them; the page shows them and reports the user's input. The host checks messages with valibot: labels and
 * names come from an object file, so the page is not trusted.
 */
import * as v from 'valibot';

export type FieldControl =
  | { readonly kind: 'text'; readonly placeholder: string }
  | { readonly kind: 'flag' }
  | {
      readonly kind: 'choice';
      readonly options: readonly { readonly value: string; readonly label: string }[];
    };

export interface FormField {
  /** C name; unique in a form. */
  readonly name: string;
  readonly label: string;
  /** The unit in the object ("us"); '' for none. */
  readonly unit: string;
  readonly help: string;
  /** Type and range as text: "number · 1 to 64 · default 99". */
  readonly facts: string;
  readonly control: FieldControl;
  readonly defaultValue: string;
  /** Nothing can be attached while it is empty. */
  readonly required: boolean;
  /** Label of the button that helps to choose a value; '' for none. */
  readonly picker: string;
}

export type ToParametersPage =
  | {
      readonly type: 'form';
      readonly title: string;
      readonly target: string;
      readonly fields: readonly FormField[];
      readonly values: Readonly<Record<string, string>>;
      readonly problems: Readonly<Record<string, string>>;
    }
  /** Error messages by field; the other fields are valid. `focus`: the field to focus. */
  | {
      readonly type: 'problems';
      readonly problems: Readonly<Record<string, string>>;
      readonly focus: string | null;
    }
  /** The user picked a value with the host's help. */
  | { readonly type: 'value'; readonly name: string; readonly value: string };

const text = (most: number) => v.pipe(v.string(), v.maxLength(most));
const name = text(256);

const FromParametersPageSchema = v.variant('type', [
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({ type: v.literal('change'), name, value: text(4096) }),
  v.strictObject({ type: v.literal('pick'), name }),
  v.strictObject({ type: v.literal('attach') }),
  v.strictObject({ type: v.literal('cancel') }),
  v.strictObject({ type: v.literal('pageError'), message: text(64 << 10) }),
]);
export type FromParametersPage = v.InferOutput<typeof FromParametersPageSchema>;

/** The message, or null when it is not valid. */
export function parseParametersMessage(message: unknown): FromParametersPage | null {
  const parsed = v.safeParse(FromParametersPageSchema, message);
  return parsed.success ? parsed.output : null;
}
