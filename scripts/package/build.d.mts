/** See build.mjs. */
export function buildPackage(
  target: string,
  outFolder: string,
): Promise<{ vsix: string; npm: string; bytes: number; staging: string }>;
