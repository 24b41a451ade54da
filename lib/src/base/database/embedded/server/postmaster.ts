import { spawn } from 'node:child_process'
import { chown, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { QiError } from '../../../types/index.ts'
import type { Placement } from '../home/placement.ts'
import { binary } from './binaries.ts'
import { isAlive, isServerOf, leftovers } from './processes.ts'
import { cleanEnvironment, run } from './run.ts'

/** The running server of a data folder, from its postmaster.pid. */
export interface Running {
  readonly pid: number
  readonly port: number
  /** True if it takes connections; else it is starting, recovering or stopping. */
  readonly ready: boolean
}

const pidFile = (dataFolder: string): string => join(dataFolder, 'postmaster.pid')
const logFile = (dataFolder: string): string => join(dataFolder, 'server.log')
const LOG_BYTES = 10 * 2 ** 20

/** The server that runs on the data folder; undefined if there is none, even if a stale postmaster.pid names one. */
export async function findRunning(dataFolder: string): Promise<Running | undefined> {
  const lines = (await readFile(pidFile(dataFolder), 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0 || !(await isServerOf(pid, dataFolder))) return undefined
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
}

/** The kind of a failed start. */
export type StartFailure = 'port taken' | 'shared memory in use' | 'failed'

export interface StartResult {
  readonly running?: Running
  readonly failure?: StartFailure
  readonly log: string
}

/** Starts the server, detached from this process, and waits until it takes connections; after a crash it recovers first. @param onSlow called once after three seconds */
export async function startServer(placement: Placement, onSlow: () => void): Promise<StartResult> {
  const { dataFolder, user } = placement
  await disownPidFile(dataFolder)
  const log = logFile(dataFolder)
  if (((await stat(log).catch(() => undefined))?.size ?? 0) > LOG_BYTES) await truncate(log)
  const output = await open(log, 'a', 0o600)
  try {
    if (user) await chown(log, user.uid, user.gid)
    const from = (await output.stat()).size
    const child = spawn(binary(placement.binaries, 'postgres'), ['-D', dataFolder], {
      cwd: dataFolder,
      env: cleanEnvironment(),
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      windowsHide: true,
      ...(user ? { uid: user.uid, gid: user.gid } : {}),
    })
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (code, signal) => resolve(`the server ended with ${signal ?? `exit code ${code}`}`))
    })
    child.unref()
    return await untilReady(dataFolder, child.pid, ended, () => logSince(log, from), onSlow)
  } finally {
    await output.close()
  }
}

async function untilReady(
  dataFolder: string,
  pid: number | undefined,
  ended: Promise<string>,
  logged: () => Promise<string>,
  onSlow: () => void,
): Promise<StartResult> {
  const started = Date.now()
  let end: string | undefined
  void ended.then((reason) => {
    end = reason
  })
  for (let told = false; ; ) {
    const running = await findRunning(dataFolder)
    if (running?.ready && running.pid === pid) return { running, log: '' }
    if (end !== undefined) {
      const log = `${await logged()}${end}`
      return { failure: failureOf(log), log }
    }
    if (!told && Date.now() - started > 3000) {
      told = true
      onSlow()
    }
    await Promise.race([ended, sleep(20)])
  }
}

function failureOf(log: string): StartFailure {
  if (/could not bind|Address already in use|could not create any TCP\/IP sockets/.test(log)) return 'port taken'
  if (/pre-existing shared memory block|lock file .* already exists/.test(log)) return 'shared memory in use'
  return 'failed'
}

/**
 * Replaces the pid in a stale postmaster.pid. After a kill -9 it may belong to any process, and PostgreSQL would refuse to start. Our
 * own pid is ignored by PostgreSQL, as that of its parent. Deleting the file would also disable PostgreSQL's check that no orphan of
 * the old server still writes.
 */
async function disownPidFile(dataFolder: string): Promise<void> {
  const text = await readFile(pidFile(dataFolder), 'utf8').catch(() => undefined)
  if (text === undefined) return
  const lines = text.split('\n')
  // PostgreSQL refuses to start with a file that a power failure cut short.
  if (lines.length < 7 || process.platform === 'win32') await rm(pidFile(dataFolder), { force: true })
  else await writeFile(pidFile(dataFolder), [String(process.pid), ...lines.slice(1)].join('\n'))
}

/** Waits for orphans of a killed server to end; after `waitMs` kills them. @throws QiError UNAVAILABLE if they stay */
export async function endLeftovers(dataFolder: string, waitMs = 5000): Promise<void> {
  const until = Date.now() + waitMs
  for (;;) {
    const pids = await leftovers(dataFolder)
    if (pids.length === 0) return
    if (Date.now() > until) for (const pid of pids) endOne(pid)
    await sleep(50)
    if (Date.now() > until + waitMs)
      throw new QiError('UNAVAILABLE', `processes ${pids.join(', ')} of a killed server still use ${dataFolder}; end them`)
  }
}

function endOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Ended, or of another user: the check above reports it.
  }
}

/** Stops the server: ends sessions, writes a checkpoint, and waits until its processes are gone. @throws QiError UNAVAILABLE */
export async function stopServer(placement: Placement, running: Running): Promise<void> {
  const { code, output } = await run(
    binary(placement.binaries, 'pg_ctl'),
    ['stop', '-D', placement.dataFolder, '-m', 'fast', '-w', '-t', '300'],
    {
      as: placement.user,
      cwd: placement.dataFolder,
    },
  )
  if (code !== 0 && (await isServerOf(running.pid, placement.dataFolder)))
    throw new QiError('UNAVAILABLE', `the database server did not stop: ${output.trim()}`)
  for (let i = 0; i < 500 && (await isAlive(running.pid)); i++) await sleep(10)
}

async function logSince(log: string, from: number): Promise<string> {
  const handle = await open(log, 'r')
  try {
    const { size } = await handle.stat()
    const start = Math.max(from, size - 4000)
    const buffer = Buffer.alloc(Math.max(0, size - start))
    await handle.read(buffer, 0, buffer.length, start)
    return buffer.toString('utf8')
  } finally {
    await handle.close()
  }
}
