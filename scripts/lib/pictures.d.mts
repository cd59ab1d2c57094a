import type { Page } from 'playwright-core';

export function takePicture(page: Page, name: string): Promise<void>;
