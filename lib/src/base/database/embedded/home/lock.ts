import { setTimeout as sleep } from 'node:timers/promises'
import { QiError } from '../../../types/index.ts'
import { embeddedFailure } from '../failures.ts'

const SQLITE_BUSY = 5
const RETRY_MS = 25
const WAIT_MS = 10 * 60_000

/**
 * Runs work under an exclusive lock on a file, between processes and between callers in this one. The lock is an exclusive SQLite
 * transaction: the kernel frees it when a process dies, in any way, so there are no stale locks.
 * @param onWait called once if the lock takes longer than two seconds
 * @throws QiError TIMEOUT after ten minutes
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  const { DatabaseSync } = sqlite()
  const database = new DatabaseSync(file)
  try {
    database.exec('pragma busy_timeout = 0')
    await acquire(() => database.exec('begin exclusive'), file, onWait)
    try {
      return await work()
    } finally {
      database.exec('rollback')
    }
  } finally {
    database.close()
  }
}

async function acquire(begin: () => void, file: string, onWait?: () => void): Promise<void> {
  const started = Date.now()
  let told = false
  for (;;) {
    try {
      begin()
      return
    } catch (error) {
      if ((error as { errcode?: unknown }).errcode !== SQLITE_BUSY)
        throw embeddedFailure('the database cannot be locked', file, error)
    }
    const waited = Date.now() - started
    if (waited > WAIT_MS) throw new QiError('TIMEOUT', `another process has held ${file} for ten minutes`)
    if (waited > 2000 && !told) {
      told = true
      onWait?.()
    }
    await sleep(RETRY_MS)
  }
}

/** Loads SQLite on demand, without the "experimental" warning that some versions of Node print. */
function sqlite(): typeof import('node:sqlite') {
  const emitWarning = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: []) => {
    if (!/SQLite/.test(String(warning))) emitWarning.call(process, warning, ...rest)
  }) as typeof process.emitWarning
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}
