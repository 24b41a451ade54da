import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { schemathesis } from '../support/run/available.ts'

export const PHASES = ['coverage', 'fuzzing'] as const
export type Phase = (typeof PHASES)[number]

export interface PassOptions {
  readonly seed: number
  /** `coverage` has each value at and beyond each limit of the document, `fuzzing` random ones. */
  readonly phases: readonly Phase[]
  /** Random cases of each route. */
  readonly cases: number
  /** Folder for the files that it keeps. */
  readonly folder: string
}

/** Asks a server for what its document offers, rightly and wrongly. @returns what is wrong, as it tells it; nothing where all is well */
export async function runSchemathesis(url: string, { seed, phases, cases, folder }: PassOptions): Promise<string | undefined> {
  const child = spawn(
    schemathesis(),
    [
      `--config-file=${join(import.meta.dirname, 'schemathesis.toml')}`,
      'run',
      `${url}/api/v1/openapi.json`,
      `--seed=${seed}`,
      `--phases=${phases.join()}`,
      `--max-examples=${cases}`,
      // Its answer never ends.
      '--exclude-path=/api/v1/live',
      '--checks=all',
      '--continue-on-failure',
      '--no-color',
    ],
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        TMPDIR: process.env.TMPDIR,
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONUTF8: '1',
        SCHEMATHESIS_HOOKS: join(import.meta.dirname, 'checks.py'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0 ? undefined : printed
}
