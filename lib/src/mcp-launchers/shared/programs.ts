import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type CommandSpec, childEnvironment } from './spec.ts'

/** The first executable of that name on the PATH. */
export async function programOnPath(name: string, path: string | undefined): Promise<string | undefined> {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : ['']
  for (const folder of (path ?? '').split(delimiter).filter(Boolean))
    for (const ending of endings) {
      const file = join(folder, name + ending)
      if (await isExecutable(file)) return file
    }
  return undefined
}

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  )

/** How a program ended. */
export interface ProgramResult {
  /** Its exit code; undefined if it timed out or could not be started. */
  readonly code: number | undefined
  readonly timedOut: boolean
  /** The end of its stderr and stdout, without colours. */
  readonly said: string
}

export interface ProgramOptions extends Pick<CommandSpec, 'env' | 'passEnv'> {
  /** Our own environment, of which it sees what is allowed. */
  readonly own: Readonly<Record<string, string | undefined>>
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

const MOST_SAID = 1000

/** Runs a program to its end, in the environment that a server gets. Never throws. */
export const runProgram = (command: string, args: readonly string[], options: ProgramOptions): Promise<ProgramResult> => {
  const { own, timeoutMs, signal } = options
  const { promise, resolve } = Promise.withResolvers<ProgramResult>()
  const env = childEnvironment(options, own)
  execFile(command, args, { timeout: timeoutMs, env, ...(signal && { signal }) }, (error, stdout, stderr) => {
    const { code, killed } = (error ?? { code: 0, killed: false }) as { code?: number | string; killed?: boolean }
    resolve({
      code: typeof code === 'number' ? code : undefined,
      timedOut: killed === true && !signal?.aborted,
      said: plain(`${stderr}\n${stdout}`) || (error?.message ?? ''),
    })
  })
  return promise
}

const plain = (text: string): string => stripVTControlCharacters(text).trim().slice(-MOST_SAID)
