export function deadlineMs(quietMs: number): number;
export function shareMachine(parts: number): void;
