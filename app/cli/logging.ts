import { pino } from 'pino'
import { errorMessage, type Logger, QiError, silentLogger, withoutSecrets } from '../../lib/src/base/types/index.ts'
import type { Output } from './output.ts'
import type { Session } from './session.ts'
import { prettyLine } from './text/prettyLine.ts'

export interface LogOptions {
  readonly level: string
  readonly format: 'pretty' | 'json'
  readonly err: Output
  /** Prints a finished line, above the status line of the terminal. */
  readonly write: (line: string) => void
  readonly debug: boolean
}

/** Names of fields that are masked, as a second guard: secrets do not reach the log in the first place. */
const SECRETS = ['token', 'password', 'apiKey', 'api_key', 'authorization', 'secret'].flatMap((name) => [name, `*.${name}`])

export function createLogger({ level, format, err, write, debug }: LogOptions): Logger {
  const shown = (line: string) => (format === 'json' ? line.trimEnd() : prettyLine(line, err))
  const destination = { write: (line: string) => write(shown(withoutSecrets(line))) }
  const serializeError = (error: unknown) => errorFields(error, debug)
  return pino(
    {
      level,
      base: null,
      redact: { paths: SECRETS, censor: '(secret)' },
      serializers: { err: serializeError },
    },
    destination,
  )
}

function errorFields(error: unknown, debug: boolean): unknown {
  if (!(error instanceof Error)) return error
  const fields = error instanceof QiError ? error.toJSON() : { message: errorMessage(error) }
  return debug ? { ...fields, stack: error.stack, ...(error.cause ? { cause: errorMessage(error.cause) } : {}) } : fields
}

/** The logger of a short command, which logs only with --debug. */
export function loggerOf({ debug, json, err }: Session): Logger {
  if (!debug) return silentLogger
  return createLogger({ level: 'debug', format: json ? 'json' : 'pretty', err, write: (line) => void err.line(line), debug })
}
