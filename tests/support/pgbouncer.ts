import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../../bench/freePort.ts'
import { serviceUser } from '../../lib/src/base/database/embedded/server/serviceUser.ts'
import { pgbouncer } from './run/available.ts'

export interface Pooler {
  /** The server's URL, by way of the pooler. */
  readonly url: string
  stop(): Promise<void>
}

/** PgBouncer in front of a server, for the user of its URL. */
export async function startPgBouncer(
  folder: string,
  server: string,
  mode: 'session' | 'transaction' | 'statement',
  more: Readonly<Record<string, string | number>> = {},
): Promise<Pooler> {
  const { hostname, port, username, password } = new URL(server)
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
  const [settings, users] = [join(folder, 'pgbouncer.ini'), join(folder, 'users.txt')]
  const own = await freePort()
  const lines = Object.entries({
    listen_addr: '127.0.0.1',
    listen_port: own,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: users,
    pool_mode: mode,
    default_pool_size: 50,
    ...more,
  }).map(([name, value]) => `${name} = ${value}`)
  await writeFile(settings, ['[databases]', `* = host=${hostname} port=${port}`, '[pgbouncer]', ...lines, ''].join('\n'))
  await writeFile(users, `"${username}" "${password}"\n`)
  const user = await serviceUser(undefined)
  if (user) for (const file of [settings, users]) await chown(file, user.uid, user.gid)
  const child = spawn(pgbouncer() as string, [settings], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(user && { uid: user.uid, gid: user.gid }),
  })
  const ended = once(child, 'exit')
  for await (const line of createInterface(child.stderr)) if (/process up/.test(line)) break
  child.stderr.resume()
  const url = new URL(server)
  url.port = String(own)
  return {
    url: url.href,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}
