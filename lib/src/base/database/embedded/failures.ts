import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type ErrorCode, errorMessage, QiError } from '../../types/index.ts'

interface Cause {
  readonly pattern: RegExp
  readonly code: ErrorCode
  /** The problem; `$1` is the first group of the pattern. */
  readonly why: string
  readonly remedy: string
}

const OWN_SERVER = 'set DATABASE_URL to a PostgreSQL of your own'
const OTHER_FOLDER = 'set QICORE_HOME to a folder on another disk'

/** Messages of initdb, the server and the system, with their cause and remedy. The first match counts. */
const CAUSES: readonly Cause[] = [
  {
    pattern: /could not (?:create|resize) shared memory segment.*: (.+)/,
    code: 'UNAVAILABLE',
    why: 'the machine gives it no shared memory ($1)',
    remedy: 'make /dev/shm larger (docker run --shm-size=256m), or free memory',
  },
  {
    pattern: /No space left on device|disk is full|Disk quota exceeded|ENOSPC|EDQUOT/i,
    code: 'UNAVAILABLE',
    why: 'the disk is full',
    remedy: `free space there (the database wants 1 GiB), or ${OTHER_FOLDER}`,
  },
  {
    pattern: /error while loading shared libraries: ([^\s:]+): (?:cannot open|failed to map)|Library not loaded: (\S+)/,
    code: 'UNSUPPORTED',
    why: 'its library $1 is missing or cannot be loaded',
    remedy: `reinstall the package (npm rebuild, or npm ci), install that library, or ${OWN_SERVER}`,
  },
  {
    pattern: /program "postgres" is needed|corrupted installation|file "([^"]+)" does not exist/,
    code: 'UNSUPPORTED',
    why: 'its installation lacks files',
    remedy: `delete node_modules and install again (npm ci), or ${OWN_SERVER}`,
  },
  {
    pattern: /^spawn .* EACCES/m,
    code: 'UNSUPPORTED',
    why: 'its program may not be run by this user, or from a disk that is mounted noexec',
    remedy: `install on another disk, give the right to run it (chmod -R a+rX node_modules), or ${OWN_SERVER}`,
  },
  {
    // A file that this system cannot execute goes to the shell, which complains about its "lines".
    pattern:
      /^\S*(?:initdb|postgres): (?:line )?\d+: |Exec format|cannot execute|[Bb]ad CPU type|^spawn .* ENO(?:ENT|EXEC)|is not a valid Win32/m,
    code: 'UNSUPPORTED',
    why: 'its program is not made for this system (another processor, or musl instead of glibc), or is incomplete',
    remedy: `delete node_modules and install on this machine (npm ci), or ${OWN_SERVER}`,
  },
  {
    pattern: /cannot be run as root|"root" execution of the PostgreSQL server is not permitted/,
    code: 'UNSUPPORTED',
    why: 'PostgreSQL refuses to run as root',
    remedy: `run qicore as another user, or ${OWN_SERVER}`,
  },
  {
    pattern: /invalid locale name "([^"]*)"|locale.* not (?:supported|valid)|could not (?:set|find).*locale/i,
    code: 'UNSUPPORTED',
    why: 'the system does not know the locale that it asks for ($1)',
    remedy: `install locales (apt-get install locales), or ${OWN_SERVER}`,
  },
  {
    pattern: /insufficient file descriptors|Too many open files|EMFILE|ENFILE/,
    code: 'UNAVAILABLE',
    why: 'the system allows it too few open files',
    remedy: 'raise the limit (ulimit -n 1024)',
  },
  {
    pattern: /could not fork|Cannot allocate memory|out of memory|ENOMEM|EAGAIN/i,
    code: 'UNAVAILABLE',
    why: 'the machine has no memory left for it',
    remedy: 'free memory, or raise the limit of this container or user',
  },
  {
    pattern: /could not change permissions of directory|has invalid permissions/,
    code: 'CONFIG_INVALID',
    why: 'the file system there does not keep permissions, which PostgreSQL insists on',
    remedy: 'set QICORE_HOME to a folder on a file system of this system (not a Windows or network mount)',
  },
  {
    pattern: /Read-only file system|EROFS|readonly database/i,
    code: 'CONFIG_INVALID',
    why: 'its file system is read-only',
    remedy: `mount it writable, or ${OTHER_FOLDER}`,
  },
  {
    pattern: /Permission denied|EACCES|EPERM|Operation not permitted|unable to open database file/,
    code: 'CONFIG_INVALID',
    why: 'this user may not write there',
    remedy: 'give this user the right to write to it, or set QICORE_HOME to another folder',
  },
]

/** Lines of initdb that report progress, not a failure. */
const PROGRESS = /\.\.\. ok$|^initdb: (?:hint|removing)|^child process exited|HINT:|^The |^This user|^ {2}\w|^Data page/

/**
 * The error for a failure of the embedded server: what failed, where, why, and what to do.
 * @param what such as `the database cannot be created`
 * @param failure an error, or the output of a program
 */
export function embeddedFailure(what: string, where: string, failure: unknown): QiError {
  if (failure instanceof QiError) return failure
  const said = typeof failure === 'string' ? failure : errorMessage(failure)
  const cause = CAUSES.find(({ pattern }) => pattern.test(said))
  const details = { cause: failure, retryable: false }
  if (!cause) return new QiError('UNAVAILABLE', `${what} in ${where}: ${lastWords(said)}; see that, or ${OWN_SERVER}`, details)
  const named = cause.pattern.exec(said)?.slice(1).find(Boolean)
  const why = named ? cause.why.replace('$1', named) : cause.why.replace(/ \(\$1\)| \$1/, '')
  return new QiError(cause.code, `${what} in ${where}: ${why}; ${cause.remedy}`, details)
}

/** The line that reports the failure, without its timestamp; if there is none, the last line. */
function lastWords(said: string): string {
  const lines = said.split('\n').map((line) => line.trimEnd())
  const telling = lines.filter((line) => line !== '' && !PROGRESS.test(line))
  const worst = telling.findLast((line) => /error|FATAL|PANIC/i.test(line)) ?? telling.at(-1) ?? 'it gave no reason'
  return worst.replace(/^\d{4}-\d\d-\d\d \S+ \S+ \[\d+\] /, '').slice(0, 300)
}

/** Runs work on files of the home, and turns errors of the file system into a QiError. @throws QiError */
export async function inHome<T>(home: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof QiError) throw error
    const { path } = (error ?? {}) as { path?: unknown }
    // The lock is an SQLite file, and SQLite does not say why it could not open it.
    const refused = await access(home, constants.W_OK).catch((reason: unknown) => reason)
    throw embeddedFailure('the database cannot be set up', typeof path === 'string' ? dirname(path) : home, refused ?? error)
  }
}
