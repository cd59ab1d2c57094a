/**
 * Names of Rust functions as their authors wrote them. LLVM's demangler knows C++ and Rust's newer mangling (v0); the
 * older one, which rustc still uses unless told otherwise, looks like C++ and comes out of it half read:
 * `_ZN4shop4main28_$u7b$$u7b$closure$u7d$$u7d$17h186aa29121918464E` as
 * `shop::main::_$u7b$$u7b$closure$u7d$$u7d$::h186aa29121918464`.
 */

/**
 * What rustc writes for characters that linkers do not take (rustc_symbol_mangling, legacy.rs), and `..` for `::`. A
 * character without a name of its own is its code point in hexadecimal.
 */
const ESCAPES: Readonly<Record<string, string>> = {
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
  C: ',',
};
const ESCAPE = /\.\.|\$(?:([A-Z]{1,2})|u([0-9a-f]{1,6}))\$/g;

/** The path's last element is a hash of the crate and the types: 16 hexadecimal digits after an h. */
const LEGACY = /^(?<path>.+)::h[0-9a-f]{16}(?<suffix>| \(\..+\))$/;

/** What ThinLTO appends to functions that other modules may call: it tells them apart, not what they are. */
const PROMOTED = / \(\.llvm\.\d+\)$/;

/**
 * The readable form of a name that LLVM has demangled: Rust's older mangling read to the end as rustc-demangle does
 * (hash dropped, escapes undone), and no number of a ThinLTO module. Any other name, and an escape that means nothing,
 * stays as it is. A C++ function cannot be mistaken: its parameters follow its name.
 */
export function readableName(name: string): string {
  const plain = name.replace(PROMOTED, '');
  const { path, suffix = '' } = LEGACY.exec(plain)?.groups ?? {};
  return path === undefined ? plain : path.split('::').map(unescapeElement).join('::') + suffix;
}

/** An element that would begin with an escape has an underscore before it. */
function unescapeElement(element: string): string {
  return element
    .replace(/^_(?=\$)/, '')
    .replace(ESCAPE, (written, name: string | undefined, digits: string | undefined) => {
      if (name !== undefined) return ESCAPES[name] ?? written;
      return digits === undefined ? '::' : (printable(Number.parseInt(digits, 16)) ?? written);
    });
}

function printable(codePoint: number): string | null {
  if (codePoint > 0x10ffff) return null;
  const character = String.fromCodePoint(codePoint);
  return /[\p{Cc}\p{Cs}]/u.test(character) ? null : character;
}
