import { z } from 'zod'
import { makeHome } from '../../../lib/src/base/database/index.ts'
import { isLoopback } from '../../../lib/src/base/networking/index.ts'
import { errorMessage, QiError } from '../../../lib/src/base/types/index.ts'
import { askSocket, claimSocket } from './claimSocket.ts'
import { isOwnSocket, socketOf } from './socketPath.ts'

const runningPlatform = z.object({
  pid: z.int().positive(),
  /** Absent while it starts. */
  url: z
    .url({ protocol: /^http$/ })
    .regex(/^http:\/\/[^/?#@\\\s]+$/)
    .optional(),
})

/** A platform that runs in a project. */
export type RunningPlatform = Readonly<z.output<typeof runningPlatform>>

export interface ProjectClaim {
  /** Tells other commands the address from now on. */
  announce(url: string): void
  release(): Promise<void>
}

/**
 * Claims the project for this process. Two platforms in one project would acquire everything twice and spend the rate limit twice.
 * @throws QiError CONFLICT naming the process and address of the platform that runs; CONFIG_INVALID if the data folder cannot be used
 */
export async function claimProject(home: string): Promise<ProjectClaim> {
  await makeHome(home).catch((error: unknown) => {
    throw new QiError(
      'CONFIG_INVALID',
      `the data folder ${home} cannot be used: ${errorMessage(error)}; set QICORE_HOME to another folder`,
      { cause: error },
    )
  })
  let running: RunningPlatform = { pid: process.pid }
  const path = await socketOf(home)
  const release = await claimSocket({
    path,
    answer: () => JSON.stringify(running),
    async refusal() {
      const answer = await answerOf(path)
      if (answer === '')
        return new QiError('CONFLICT', `a process holds ${path} and does not answer: stop it, or try again when it is less busy`)
      const other = platformIn(answer)
      if (!other) return undefined
      return new QiError(
        'CONFLICT',
        `QiCore runs in this project already: process ${other.pid}${other.url ? `, ${other.url}` : ''}; stop that one first, or give this one a folder of its own with --home`,
      )
    },
  })
  return {
    announce: (url) => {
      running = { ...running, url }
    },
    release,
  }
}

/**
 * The platform that runs in a project, if one does.
 * @throws QiError CONFIG_INVALID if there is no safe place for the socket
 */
export const findPlatform = async (home: string): Promise<RunningPlatform | undefined> =>
  platformIn(await answerOf(await socketOf(home)))

/** The answer on a socket that this user made: another user could have put a socket there. */
const answerOf = async (path: string): Promise<string | undefined> => ((await isOwnSocket(path)) ? askSocket(path) : undefined)

function platformIn(answer: string | undefined): RunningPlatform | undefined {
  try {
    return runningPlatform.safeParse(JSON.parse(answer ?? '')).data
  } catch {
    return undefined
  }
}

/** True if the token may be sent to an address that a socket told: this machine, or the address where this project is configured to listen. */
export function isTrusted(url: string, { host, port }: { readonly host: string; readonly port: number }): boolean {
  const asked = new URL(url)
  const name = asked.hostname.replace(/^\[|\]$/g, '')
  return isLoopback(name) || (name === host.toLowerCase() && (port === 0 || asked.port === String(port)))
}
