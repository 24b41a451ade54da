import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { EXIT } from '../exitCodes.ts'
import type { Session } from '../session.ts'
import { forOthers } from './access.ts'

/** Path of psql; undefined if it is not on the PATH. */
export async function findPsql(): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'psql.exe' : 'psql'
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const file = join(folder, name)
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file
  }
  return undefined
}

/** Exit code of psql if it could not connect. */
const NO_CONNECTION = 2

/** Runs psql on the terminal of this process. The password is in its environment, because every user of the machine sees arguments. */
export async function runPsql({ interrupt }: Session, program: string, url: string, command?: string): Promise<number> {
  const address = new URL(forOthers(url))
  const PGPASSWORD = decodeURIComponent(address.password)
  address.password = ''
  // Ctrl-C cancels a statement in psql, and must not end this process.
  using _left = interrupt.leave()
  const child = spawn(program, ['-d', address.href, ...(command === undefined ? [] : ['-c', command])], {
    stdio: 'inherit',
    env: { ...process.env, PGPASSWORD, PGAPPNAME: 'qicore psql' },
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code === 0) return EXIT.ok
  return code === NO_CONNECTION ? EXIT.unavailable : EXIT.failed
}
