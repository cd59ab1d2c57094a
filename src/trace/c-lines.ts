/** Long lists of C in lines of at most 100 columns (a tab is 8), as in the templates. */
const LINE = 100;

/** A function's head: `before` ends with its opening parenthesis. */
export const head = (before: string, parameters: readonly string[]): string =>
  wrapped(before, parameters.length === 0 ? ['void'] : parameters);

/** Up to the closing parenthesis. */
export function wrapped(before: string, list: readonly string[]): string {
  const lines = [before];
  list.forEach((parameter, index) => {
    const text = `${parameter}${index === list.length - 1 ? ')' : ','}`;
    const line = lines.at(-1) ?? '';
    const space = index === 0 || line.endsWith('\t') ? '' : ' ';
    if (line.replaceAll('\t', ' '.repeat(8)).length + space.length + text.length > LINE)
      lines.push(`\t\t${text}`);
    else lines[lines.length - 1] = `${line}${space}${text}`;
  });
  return lines.join('\n');
}
