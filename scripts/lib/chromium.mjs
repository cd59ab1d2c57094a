/** The tests' browser: the distribution's Chromium, driven by Playwright. */
import { chromium } from 'playwright-core';
import { which } from './run.mjs';

/** No sandbox, because tests run as root in containers; they open only pages that they serve themselves. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Path of the browser: $BPFW_CHROMIUM, else the first of the usual names on PATH; undefined when there is none. */
export async function findChromium() {
  return process.env.BPFW_CHROMIUM || (await which('chromium', 'chromium-browser', 'google-chrome'));
}

/** Starts it headless. When it is missing, throws with the command that installs it. */
export async function launchChromium() {
  const executablePath = await findChromium();
  if (!executablePath) {
    throw new Error('No Chromium found. Install it with: sudo apt-get install -y chromium');
  }
  // Playwright's signal handlers would keep a terminated script alive; it ends the browser at exit anyway.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  return chromium.launch({ executablePath, args: flags, headless: true, ...signals });
}
