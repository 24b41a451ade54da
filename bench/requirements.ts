import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { BenchContext } from './context.ts'

/** The file that is run when a program is named alone. */
export const programOnPath = (program: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find(isExecutable)

export const onPath = (program: string): boolean => programOnPath(program) !== undefined

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Names the first that is not there. */
export const programs =
  (...names: readonly string[]) =>
  (): string | undefined => {
    const missing = names.find((name) => !onPath(name))
    return missing && `${missing} (npm run services)`
  }

export const kafka = ({ brokers }: BenchContext): string | undefined =>
  brokers ? undefined : 'a Kafka or Redpanda broker (set REDPANDA_BROKERS)'

/** The first requirement that is missing, with its remedy. */
export const all =
  (...checks: readonly ((context: BenchContext) => string | undefined)[]) =>
  (context: BenchContext): string | undefined => {
    for (const check of checks) {
      const missing = check(context)
      if (missing) return missing
    }
  }

export const recordedData = (): string | undefined =>
  process.env.QICORE_TEST_DATA ? undefined : 'recorded answers (set QICORE_TEST_DATA to their folder)'
