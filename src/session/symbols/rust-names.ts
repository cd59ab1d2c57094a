/**
 * Demangles names of Rust functions. LLVM's demangler knows C++ and Rust's v0 mangling; the legacy one, still rustc's
 * default, looks like C++ and is only partly demangled:
 * `_ZN4shop4main28_$u7b$$u7b$closure$u7d$$u7d$17h186aa29121918464E` as
 * `shop::main::_$u7b$$u7b$closure$u7d$$u7d$::h186aa29121918464`.
 */

/**
 * rustc's escapes for characters that linkers do not accept (rustc_symbol_mangling, legacy.rs), and `..` for `::`. Any
 * other character is its code point in hexadecimal.
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

/** ThinLTO's suffix for functions that other modules may call: it only makes the names unique. */
const PROMOTED = / \(\.llvm\.\d+\)$/;

/**
 * The readable form of a name that LLVM has demangled: completes Rust's legacy mangling as rustc-demangle does (hash
 * removed, escapes decoded), and removes a ThinLTO module's number. Other names and unknown escapes are left unchanged.
 * C++ functions cannot match: their parameters follow the name.
 */
export function readableName(name: string): string {
  const plain = name.replace(PROMOTED, '');
  const { path, suffix = '' } = LEGACY.exec(plain)?.groups ?? {};
  return path === undefined ? plain : path.split('::').map(unescapeElement).join('::') + suffix;
}

/** An element that begins with an escape is prefixed with an underscore. */
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
