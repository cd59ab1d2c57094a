export function fillSampleWorkspace(folder: string): Promise<void>;
export const firstProgram: string;
