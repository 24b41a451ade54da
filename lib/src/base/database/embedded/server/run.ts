import { spawn } from 'node:child_process'

/** The user that a child process runs as; undefined means our own. */
export interface RunAs {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export interface RunResult {
  /** Exit code; -1 if the program could not be started or was killed. */
  readonly code: number
  /** Its stdout and stderr, at most the last 20,000 characters. */
  readonly output: string
}

/** The environment of server programs, without PGDATA, PGPORT or LD_PRELOAD of the caller. */
export const cleanEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
  ...(process.platform === 'win32' ? { SystemRoot: process.env.SystemRoot, TEMP: process.env.TEMP } : {}),
})

/** Runs a program to its end. Never throws. */
export function run(
  program: string,
  args: readonly string[],
  options: { as?: RunAs | undefined; cwd?: string } = {},
): Promise<RunResult> {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(program, args, {
      cwd: options.cwd ?? '/',
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      ...(options.as ? { uid: options.as.uid, gid: options.as.gid } : {}),
    })
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-20_000)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', (error) => resolve({ code: -1, output: error.message }))
    child.on('close', (code) => resolve({ code: code ?? -1, output }))
  })
}
