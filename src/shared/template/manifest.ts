/**
 * template.json: presentation of one bpf-templates folder. It adds only descriptions; everything about the program comes
 * from the object file (CONTRIBUTING.md, promise 1), so the program would also run without it.
 */
import * as v from 'valibot';

const line = v.pipe(v.string(), v.minLength(1), v.maxLength(200));

export const TemplateManifestSchema = v.strictObject({
  /** Folder name, also used for searching. */
  name: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*$/)),
  title: line,
  /** One line. */
  purpose: line,
  /** Questions it answers, as a user would ask them. */
  answers: v.pipe(v.array(line), v.minLength(1)),
  category: v.picklist([
    'first steps',
    'files and disks',
    'network',
    'processes',
    'memory and stacks',
    'applications',
    'virtual machines',
    'security',
  ]),
  /** Requirements on the kernel or machine, as text. */
  needs: v.array(line),
  /** Presentation of parameters, by C name; everything else comes from the object. */
  parameters: v.optional(
    v.record(
      v.string(),
      v.strictObject({
        label: v.optional(line),
        help: v.optional(v.string()),
        placeholder: v.optional(line),
      }),
    ),
    {},
  ),
  /** Panels in the order to open them. */
  panels: v.pipe(v.array(v.picklist(['histogram', 'events', 'stacks', 'maps'])), v.minLength(1)),
  /** Functions of the seed programs this template covers: "function" or "function (program)". */
  seedFunctions: v.array(line),
});
export type TemplateManifest = v.InferOutput<typeof TemplateManifestSchema>;
