export function deadlineMs(quietMs: number): number;
