/** Validates messages from pages to the host: a page displays untrusted data, so its messages are not trusted. */
import * as v from 'valibot';
import type { FromWebview } from '../../shared/protocol/webview';

const text = (most: number) => v.pipe(v.string(), v.maxLength(most));

const Schema = v.variant('type', [
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({
    type: v.literal('command'),
    command: v.picklist([
      'detach',
      'attachAgain',
      'openTemplates',
      'showLog',
      'openProgram',
      'manageTrust',
      'export',
    ]),
  }),
  v.strictObject({
    type: v.literal('export'),
    format: v.picklist(['csv', 'ndjson', 'json', 'svg', 'png', 'folded', 'speedscope']),
    name: text(200),
    content: v.union([v.string(), v.instance(ArrayBuffer)]),
  }),
  v.strictObject({ type: v.literal('notExported'), why: text(64 << 10) }),
  v.strictObject({ type: v.literal('showAs'), of: text(1000), value: v.nullable(text(100)) }),
  v.strictObject({ type: v.literal('copy'), text: text(16 << 20) }),
  v.strictObject({ type: v.literal('pageError'), message: text(64 << 10) }),
]);

/** The message, or null if it is not valid. */
export function parsePageMessage(message: unknown): FromWebview | null {
  const parsed = v.safeParse(Schema, message);
  return parsed.success ? parsed.output : null;
}
