import { describe, expect, it } from 'vitest';
import { copiedLine, csvCell, csvLine } from '../../../src/shared/text/cells';
import { TERMINAL_ATTACK } from './hostile';

/** Lines and cells as Excel reads them: a quote means something at a cell's beginning only. */
function readTable(text: string, separator: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  let atStart = true;
  const end = () => {
    rows.at(-1)?.push(cell);
    cell = '';
    atStart = true;
  };
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (quoted && character === '"' && text.charAt(index + 1) === '"') {
      cell += '"';
      index++;
    } else if (quoted && character === '"') quoted = false;
    else if (quoted) cell += character;
    else if (atStart && character === '"') {
      quoted = true;
      atStart = false;
    } else if (character === separator) end();
    else if (character === '\n') {
      end();
      rows.push([]);
    } else {
      cell += character;
      atStart = false;
    }
  }
  end();
  return rows;
}

const ATTACKS = [
  '=cmd()',
  '+1+cmd()',
  '-1+cmd()',
  '@SUM(1)',
  ' =cmd()',
  '\t=cmd()',
  '\r=cmd()',
  '\n=cmd()',
  '＝cmd()',
  'a;=cmd()',
  'a,=cmd()',
  'a|=cmd()',
  'a\n=cmd()',
  'a\t=cmd()',
  'a;"=cmd()"',
  '"=cmd()"',
  '";=cmd()',
  'a; "" =cmd();-1+cmd()',
  '";"=cmd()',
  TERMINAL_ATTACK,
];
const isFormula = (cell: string) => /^[\s"]*[=+\-@＝＋－＠]/.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell);

describe('cells that a spreadsheet opens', () => {
  it.each(ATTACKS)('hold no formula, whatever separates cells there: %j', attack => {
    const csv = `${csvLine(['first', attack, 'x'])}\n${csvLine([attack])}\n`;
    const copied = `${copiedLine(['first', attack, 'x'])}\n${copiedLine([attack])}\n`;
    for (const separator of [',', ';', '\t', '|'])
      for (const text of [csv, copied])
        expect(
          readTable(text, separator).flat().filter(isFormula),
          `${JSON.stringify(text)} by '${separator}'`,
        ).toEqual([]);
    expect(csv + copied).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  it('hold the same text again, a cell each', () => {
    const cells = ['plain', 'with, comma; and "quotes"', '漢字', '', '0'];
    expect(readTable(csvLine(cells), ',')).toEqual([cells]);
    expect(readTable(copiedLine(['one', 'two words', '3']), '\t')).toEqual([['one', 'two words', '3']]);
  });

  it('keep numbers numbers', () => {
    expect(['-5', '-0.25', '12', '1e21', '-1e-7'].map(csvCell)).toEqual([
      '-5',
      '-0.25',
      '12',
      '1e21',
      '-1e-7',
    ]);
    expect(copiedLine(['-5', '-1.50 µs'])).toBe("-5\t'-1.50 µs");
  });
});
