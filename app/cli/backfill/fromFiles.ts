import { escapeHiddenInLines, QiError } from '../../../lib/src/base/types/index.ts'
import { FORMAT_NAMES, type FormatName, fileFormats, readRowSettings } from '../../../lib/src/publishers/index.ts'
import {
  type BackfillRequest,
  type ImportFilter,
  type ImportRequest,
  openImport,
  type PlatformConfig,
} from '../../../lib/src/streaming/platform/index.ts'
import { audited } from '../audited.ts'
import { ImportScreen } from '../import/ImportScreen.ts'
import { loggerOf } from '../logging.ts'
import type { Session } from '../session.ts'

/**
 * Imports what a folder has of a backfill: afterwards the provider is asked only for the rest.
 * @throws QiError BAD_REQUEST if no format of the source's files is known; as an import does
 */
export async function backfillFromFiles(
  session: Session,
  config: PlatformConfig,
  request: BackfillRequest,
  folder: string,
): Promise<void> {
  const { signal } = session
  const screen = new ImportScreen(session)
  await using files = await openImport({
    config,
    logger: loggerOf(session),
    onNotice: (line) => screen.notice(escapeHiddenInLines(line)),
    signal,
  })
  try {
    const options = {
      signal,
      onProgress: (progress: Parameters<ImportScreen['progress']>[0]) => screen.progress(progress),
      onFailure: (failure: Parameters<ImportScreen['failure']>[0]) => screen.failure(failure),
    }
    const asked = importOf(config, request, folder)
    const { paths, format, source } = asked
    const result = await audited(files.store, 'import', { paths, format, source }, () => files.run(asked, options))
    await screen.done(result, false)
  } finally {
    screen.close()
  }
}

function importOf(config: PlatformConfig, request: BackfillRequest, folder: string): ImportRequest {
  const { coins = [], source, types, timeframe } = partsOf(request)
  const type = source === undefined ? undefined : config.sources.instances.get(source)?.type.name
  const format = FORMAT_NAMES.find((name) => type !== undefined && sourceOf(name) === type)
  if (!format) {
    const known = FORMAT_NAMES.flatMap((name) => sourceOf(name) ?? [])
    throw new QiError(
      'BAD_REQUEST',
      `from-files: no form of files is known of the source ${source ?? 'that is meant'}; there are files of ${known.join(', ')}: name one with --source, or import the files with qicore import`,
      { field: 'from_files' },
    )
  }
  const read = readRowSettings({})
  if (!('settings' in read)) throw new TypeError(read.problem)
  const only: ImportFilter = {
    member: (of, series) =>
      (coins.length === 0 || coins.includes(series.coinId)) &&
      (!types || types.includes(of)) &&
      (!timeframe || series.timeframe === undefined || series.timeframe === timeframe),
    from: request.from,
    to: request.to,
  }
  return { paths: [folder], format, source, coins, rows: read.settings, only }
}

const sourceOf = (name: FormatName): string | undefined => fileFormats[name].source

function partsOf(request: BackfillRequest): {
  readonly coins?: readonly string[]
  readonly source?: string
  readonly types?: readonly string[]
  readonly timeframe?: string
} {
  if ('gaps' in request) {
    const { coins, sources, types, timeframes } = request.gaps
    return {
      ...(coins && { coins }),
      ...(sources?.[0] && { source: sources[0] }),
      ...(types && { types }),
      ...(timeframes?.[0] && { timeframe: timeframes[0] }),
    }
  }
  const { coins, source, type, timeframe } = request
  return { coins, source, types: [type ?? (timeframe ? 'ohlcv' : 'price')], ...(timeframe && { timeframe }) }
}
