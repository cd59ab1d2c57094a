export function fillSampleWorkspace(folder: string): Promise<void>;
