import { afterEach, vi } from 'vitest';

/** What the code under test writes to the standard output; empty again after each test. */
export function captureStdout(): { text(): string } {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    written.push(String(text));
    return true;
  });
  afterEach(() => {
    written.length = 0;
  });
  return { text: () => written.join('') };
}
