import { escapeHiddenInLines, type Micros, QiError, readMoment, suggest, toQiError } from '../../../lib/src/base/types/index.ts'
import { FORMAT_NAMES, type FormatName, readRowSettings } from '../../../lib/src/publishers/index.ts'
import { type ImportRequest, openImport } from '../../../lib/src/streaming/platform/index.ts'
import { audited } from '../audited.ts'
import { EXIT, EXIT_OF_CODE, type Exit } from '../exitCodes.ts'
import { ImportScreen } from '../import/ImportScreen.ts'
import { loggerOf } from '../logging.ts'
import type { Session } from '../session.ts'

export interface ImportInput {
  readonly paths: readonly string[]
  readonly format: string
  readonly source?: string
  readonly coin?: string
  readonly symbol?: readonly string[]
  readonly currency?: string
  readonly until?: string
  readonly record?: string
  readonly columns?: readonly string[]
  readonly set?: readonly string[]
  readonly header?: boolean
  readonly skipLines?: number
  readonly delimiter?: string
  readonly nulls?: readonly string[]
  readonly timeFormat?: string
  readonly stamped?: string
  readonly force?: boolean
  readonly again?: boolean
  readonly dryRun?: boolean
}

export async function run(session: Session, input: ImportInput): Promise<Exit> {
  const request = requestOf(input)
  const { config } = await session.load()
  const { signal } = session
  const screen = new ImportScreen(session)
  await using files = await openImport({
    config,
    logger: loggerOf(session),
    onNotice: (line) => screen.notice(escapeHiddenInLines(line)),
    signal,
  })
  session.interrupt.onFirst(() =>
    screen.notice('Stopping once all that was read is stored. The same command goes on from there.', 'stopping'),
  )
  try {
    const importFiles = () =>
      files.run(request, {
        signal,
        onProgress: (progress) => screen.progress(progress),
        onFailure: (failure) => screen.failure(failure),
      })
    const result = request.dryRun
      ? await importFiles()
      : await audited(files.store, 'import', { ...input }, importFiles, ({ failures }) => failures[0]?.error)
    await screen.done(result, input.dryRun ?? false)
    if (signal.aborted) return EXIT.interrupted
    const [failure] = result.failures
    if (failure && result.failed === result.files) return EXIT_OF_CODE[failure.error.code]
    return failure || result.refused > 0 ? EXIT.failed : EXIT.ok
  } finally {
    screen.close()
  }
}

/** @throws QiError BAD_REQUEST naming the flag */
function requestOf(input: ImportInput): ImportRequest {
  const { paths, format, source, coin, currency, symbol = [], until, force, again, dryRun } = input
  if (!FORMAT_NAMES.includes(format as FormatName))
    throw wrong('format', `format "${format}" is unknown${suggest(format, FORMAT_NAMES)}; known: ${FORMAT_NAMES.join(', ')}`)
  return {
    ...{ paths, source, coin, currency, force, again, dryRun },
    format: format as FormatName,
    symbols: Object.fromEntries(symbol.map((text) => pair(text, 'symbol', 'BTCUSDT=BTC/USDT'))),
    rows: rowsOf(input),
    ...(until !== undefined && { until: momentOf(until) }),
  }
}

/** The settings of rows, named as in the configuration. @throws QiError BAD_REQUEST */
function rowsOf({
  record,
  columns = [],
  set = [],
  header = true,
  skipLines,
  delimiter,
  nulls,
  timeFormat,
  stamped,
}: ImportInput) {
  const given = {
    ...{ record, header, skip_lines: skipLines, delimiter, nulls, time_format: timeFormat, stamped },
    columns: header ? Object.fromEntries(columns.map((text) => pair(text, 'columns', 'Date=time'))) : columns,
    constants: Object.fromEntries(set.map((text) => pair(text, 'set', 'timeframe=1d'))),
  }
  const read = readRowSettings(given)
  if ('settings' in read) return read.settings
  throw wrong(read.field, `${read.field.replaceAll('_', '-')}: ${read.problem}`)
}

function pair(text: string, field: string, example: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw wrong(field, `${field} "${text}": write it such as ${example}`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function momentOf(until: string): Micros {
  try {
    return readMoment(until)
  } catch (error) {
    throw wrong('until', `until ${toQiError(error).message}`)
  }
}

const wrong = (field: string, message: string): QiError => new QiError('BAD_REQUEST', message, { field })
