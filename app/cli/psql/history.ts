import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const fileOf = (home: string): string => join(home, 'psql.history')

/** Lines of earlier prompts, the latest first. */
export async function readHistory(home: string): Promise<readonly string[]> {
  const text = await readFile(fileOf(home), 'utf8').catch(() => '')
  return text.split('\n').filter(Boolean)
}

/** Writes lines for this user alone, without those that may hold a secret. Without write access to the home nothing is written. */
export async function writeHistory(home: string, lines: readonly string[]): Promise<void> {
  const kept = lines.filter((line) => !/password|secret|token/i.test(line))
  await writeFile(fileOf(home), `${kept.join('\n')}\n`, { mode: 0o600 }).catch(() => {})
}
