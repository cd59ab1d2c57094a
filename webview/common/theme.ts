/** Colours for canvases, which CSS cannot style, read from VS Code's variables. */

export interface Theme {
  readonly kind: 'light' | 'dark' | 'high-contrast' | 'high-contrast-light';
  /** No hues, and borders around everything. */
  readonly highContrast: boolean;
  readonly background: string;
  readonly foreground: string;
  readonly muted: string;
  readonly border: string;
  readonly accent: string;
  readonly second: string;
  /** Marks search matches. */
  readonly found: string;
  readonly error: string;
  readonly focus: string;
  readonly font: string;
}

function themeKind(): Theme['kind'] {
  const classes = document.body.classList;
  if (classes.contains('vscode-high-contrast-light')) return 'high-contrast-light';
  if (classes.contains('vscode-high-contrast')) return 'high-contrast';
  return classes.contains('vscode-light') ? 'light' : 'dark';
}

let known: Theme | null = null;

/**
 * The current theme. Cached until it changes: reading a computed style makes the browser recalculate styles, which
 * costs a live page more than drawing.
 */
export function readTheme(): Theme {
  if (!known) {
    known = computeTheme();
    whenThemeChanges(() => {
      known = null;
    });
  }
  return known;
}

/** A variable missing in a theme falls back to the next in the list. */
function computeTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const pick = (...names: readonly string[]): string => {
    for (const name of names) {
      const value = style.getPropertyValue(`--vscode-${name}`).trim();
      if (value !== '') return value;
    }
    return kind === 'light' || kind === 'high-contrast-light' ? '#000000' : '#ffffff';
  };
  const kind = themeKind();
  const highContrast = kind.startsWith('high-contrast');
  const foreground = pick('foreground', 'editor-foreground');
  return {
    kind,
    highContrast,
    background: pick('panel-background', 'editor-background'),
    foreground,
    muted: highContrast ? foreground : pick('descriptionForeground', 'foreground'),
    border: highContrast ? pick('contrastBorder') : pick('panel-border', 'editorWidget-border'),
    accent: pick('charts-blue', 'progressBar-background'),
    // charts-orange is translucent, made for the minimap.
    second: pick('charts-yellow', 'charts-orange'),
    found: pick('charts-purple', 'editorWarning-foreground'),
    error: pick('charts-red', 'errorForeground'),
    focus: pick('focusBorder'),
    // Drawings contain it in a double-quoted attribute, which ECharts does not escape.
    font: pick('font-family').replaceAll('"', "'"),
  };
}

/** Calls back after VS Code switched the theme. */
export function onThemeChange(changed: (theme: Theme) => void): void {
  let pending = false;
  const next = (): void => {
    whenThemeChanges(next);
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      changed(readTheme());
    });
  };
  whenThemeChanges(next);
}

/** Runs once, on the next change: VS Code rewrites the root's style and the body's class. */
function whenThemeChanges(run: () => void): void {
  const observer = new MutationObserver(() => {
    observer.disconnect();
    run();
  });
  for (const target of [document.documentElement, document.body])
    observer.observe(target, { attributes: true, attributeFilter: ['style', 'class'] });
}

/** The colour with another opacity; accepts #rgb, #rrggbb(aa) and rgb()/rgba(). Other formats are returned unchanged. */
export function withAlpha(color: string, alpha: number): string {
  const parts = parseColor(color);
  return parts ? `rgba(${parts[0]}, ${parts[1]}, ${parts[2]}, ${alpha})` : color;
}

/** A colour at `share` of the way between two others, in sRGB. */
export function mixColors(from: string, to: string, share: number): string {
  const a = parseColor(from);
  const b = parseColor(to);
  if (!a || !b) return to;
  const mix = (x: number, y: number): number => Math.round(x + (y - x) * share);
  return `rgb(${mix(a[0], b[0])}, ${mix(a[1], b[1])}, ${mix(a[2], b[2])})`;
}

/** Red, green and blue in 0..255; black for an unknown format. */
export function colorParts(color: string): readonly [number, number, number] {
  return parseColor(color) ?? [0, 0, 0];
}

function parseColor(color: string): readonly [number, number, number] | null {
  const hex = /^#([0-9a-f]{3,8})$/i.exec(color)?.[1];
  if (hex) {
    const wide = hex.length < 6 ? [...hex].map(digit => digit + digit).join('') : hex;
    const at = (index: number): number => Number.parseInt(wide.slice(index, index + 2), 16);
    return [at(0), at(2), at(4)];
  }
  const numbers = /^rgba?\(([^)]+)\)$/
    .exec(color)?.[1]
    ?.split(/[\s,/]+/)
    .map(Number);
  const [red, green, blue] = numbers ?? [];
  return red === undefined || green === undefined || blue === undefined ? null : [red, green, blue];
}
