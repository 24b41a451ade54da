import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { findPlatform } from '../claim/project.ts'
import type { Session } from '../session.ts'

export async function run(session: Session): Promise<undefined> {
  const { config } = await session.load()
  const running = await findPlatform(config.home)
  if (!running?.url)
    throw new QiError(
      'UNAVAILABLE',
      running
        ? `the platform is starting (process ${running.pid}); try again in a moment`
        : 'no platform runs in this project; `qicore up` starts one',
    )
  if (session.json) return void (await session.out.json({ url: running.url }))
  await session.out.line(running.url)
  const browser = browserOf(process.env, process.platform)
  const opened = browser !== undefined && (await opens([...browser, running.url]))
  if (!opened) await session.remark('no browser was found: open the address in one')
}

/** The command that opens an address; undefined without a display. */
function browserOf(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): readonly string[] | undefined {
  const { BROWSER, DISPLAY, WAYLAND_DISPLAY } = env
  if (BROWSER) return [BROWSER]
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['explorer']
  return DISPLAY || WAYLAND_DISPLAY ? ['xdg-open'] : undefined
}

/** Starts a program that outlives this one. @returns false if the program does not exist */
async function opens([program = '', ...arguments_]: readonly string[]): Promise<boolean> {
  const child = spawn(program, arguments_, { detached: true, stdio: 'ignore' })
  try {
    await once(child, 'spawn')
  } catch {
    return false
  }
  child.unref()
  return true
}
