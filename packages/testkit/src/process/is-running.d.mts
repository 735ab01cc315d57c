export function startTimeOf(pid: number): string;
export function isRunning(pid: number, started: string): boolean;
