import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { RecordType, RecordValues } from '../../../lib/src/base/types/index.ts'

type Texts = Readonly<Record<string, string>>

/** A record as the readers' rows are compared: without what it has not, times in microseconds. */
export const textsOf = (type: RecordType, record: RecordValues): Texts =>
  Object.fromEntries(
    type.fields.flatMap(({ name, property }) => (record[property] === undefined ? [] : [[name, String(record[property])]])),
  )

export const sortedTexts = (rows: readonly Texts[]): readonly string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)))).toSorted()

/** Files of one type for a reader. */
export interface Job {
  readonly type: string
  readonly fields: RecordType['fields']
  readonly format: string
  readonly compression: string
  readonly files: readonly string[]
}

/** The rows of each job, as a program reads them: jobs on standard input, rows on standard output, as JSON. */
export async function readBy(
  program: string,
  args: readonly string[],
  jobs: readonly Job[],
): Promise<readonly (readonly Texts[])[]> {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' },
  })
  child.stdin.end(JSON.stringify(jobs))
  const [answer, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  if (answer === '') throw new Error(errors)
  return JSON.parse(answer) as Texts[][]
}
