export const OPENINGS: readonly string[]
export function offencesOf(path: string, source: string): string[]
export function checkWords(root: string, paths?: readonly string[]): { files: number; offences: string[] }
