import { CommanderError } from 'commander'
import type { ErrorCode, QiError } from '../../lib/src/base/types/index.ts'
import { EXIT, EXIT_OF_CODE, type Exit } from './exitCodes.ts'
import type { Output } from './output.ts'

export interface FailureOptions {
  readonly json: boolean
  readonly debug: boolean
}

/** Next steps by error code, for messages that have none. */
const REMEDIES: Partial<Record<ErrorCode, string>> = {
  CONFIG_INVALID: '`qicore config show` shows where each setting comes from',
  UNAVAILABLE: '`qicore doctor` checks everything that the platform needs',
  TIMEOUT: '`qicore doctor` checks everything that the platform needs',
  UNAUTHORIZED: 'check the key or password; `qicore config show` shows where it comes from',
  INTERNAL: 'this is a defect of QiCore: run the command again with --debug, and report its output',
}

/** Prints a failure on stderr, with a remedy, or as JSON. @returns the exit code */
export async function reportFailure(failure: unknown, err: Output, { json, debug }: FailureOptions): Promise<Exit> {
  if (failure instanceof CommanderError) return reportUsage(failure, err, json)
  const { escapeHidden, toQiError, withoutSecrets } = await import('../../lib/src/base/types/index.ts')
  const error = toQiError(failure)
  const exit = EXIT_OF_CODE[error.code]
  if (json)
    await err.json({ error: { ...error.toJSON(), exit_code: exit, ...(debug && { stack: withoutSecrets(stackOf(error)) }) } })
  else await err.line(describe(error, err, escapeHidden))
  if (debug && !json) await err.line(withoutSecrets(stackOf(error)))
  return exit
}

function describe(error: QiError, err: Output, shown: (line: string) => string): string {
  const remedy = error.advised ? undefined : REMEDIES[error.code]
  const head = `${err.style('red', 'error:')} `
  const problems = error.message.split('\n').map(shown)
  const message =
    problems.length === 1 ? problems[0] : [`${problems.length} problems`, ...problems.map((line) => `  ${line}`)].join('\n')
  return `${head}${message}${remedy ? `\n${err.style('dim', `  ${remedy}`)}` : ''}`
}

/** Reports a wrong command line, which Commander found. Help and version also end in a CommanderError, with exit code 0. */
async function reportUsage(error: CommanderError, err: Output, json: boolean): Promise<Exit> {
  if (error.exitCode === 0) return EXIT.ok
  // Commander has printed the help already.
  if (error.code === 'commander.help') return EXIT.usage
  const message = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
  if (json) await err.json({ error: { code: 'BAD_REQUEST', message, retryable: false, exit_code: EXIT.usage } })
  else await err.line(`${err.style('red', 'error:')} ${message}\n${err.style('dim', '  see --help of the command')}`)
  return EXIT.usage
}

function stackOf(error: Error): string {
  const lines: string[] = []
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++)
    lines.push(`${depth ? 'caused by ' : ''}${at.stack ?? at.message}`)
  return lines.join('\n')
}
