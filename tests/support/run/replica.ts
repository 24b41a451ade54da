import { execFile } from 'node:child_process'
import { appendFile, chown, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { serviceUser } from '../../../lib/src/base/database/embedded/server/serviceUser.ts'
import { type Cluster, serve } from './cluster.ts'

export interface Replica extends Cluster {
  /** Starts it at the same address, after it was stopped. */
  again(): Promise<Replica>
}

/** A hot standby of a server, which streams from it: a copy of its data, taken while it runs. */
export async function startReplica(primary: Cluster, folder: string): Promise<Replica> {
  const data = `${folder}-data`
  const { hostname, port, username, password } = new URL(primary.url)
  const client = new pg.Client(primary.url)
  await client.connect()
  try {
    await client.query("select pg_backup_start('replica', true)")
    await promisify(execFile)('cp', ['-a', primary.data, data])
    const { rows } = await client.query<{ label: string }>('select labelfile as label from pg_backup_stop(false)')
    await rm(join(data, 'postmaster.pid'))
    await writeFile(join(data, 'backup_label'), rows[0]?.label ?? '')
  } finally {
    await client.end()
  }
  await writeFile(join(data, 'standby.signal'), '')
  const source = `host=${hostname} port=${port} user=${username} password=${password}`
  await appendFile(join(data, 'postgresql.conf'), `primary_conninfo = '${source}'\n`)
  const user = await serviceUser(undefined)
  if (user) for (const file of ['backup_label', 'standby.signal']) await chown(join(data, file), user.uid, user.gid)
  return started(primary, data, `${folder}-log`)
}

async function started(primary: Cluster, data: string, log: string, at?: number): Promise<Replica> {
  const { port, stop } = await serve(primary.bin, data, log, at)
  const url = Object.assign(new URL(primary.url), { port: String(port) }).href
  return { url, bin: primary.bin, data, stop, again: () => started(primary, data, log, port) }
}
