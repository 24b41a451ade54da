import { coverageQuery, parseQuery } from '../../../lib/src/base/database/index.ts'
import { escapeHiddenInLines, QiError, suggest, TIMEFRAMES, type Timeframe } from '../../../lib/src/base/types/index.ts'
import {
  type BackfillRequest,
  type BackfillTask,
  openBackfill,
  type PlatformConfig,
  sourcesThatRun,
} from '../../../lib/src/streaming/platform/index.ts'
import { audited } from '../audited.ts'
import { BackfillScreen } from '../backfill/BackfillScreen.ts'
import { backfillFromFiles } from '../backfill/fromFiles.ts'
import { EXIT, EXIT_OF_CODE, type Exit } from '../exitCodes.ts'
import { loggerOf } from '../logging.ts'
import type { Session } from '../session.ts'
import { kindOf } from '../text/spans.ts'

export interface BackfillInput {
  readonly coins: readonly string[]
  readonly gaps?: boolean
  readonly from?: string
  readonly to?: string
  readonly timeframe?: string
  readonly every?: string
  readonly type?: string
  readonly source?: string
  readonly currency?: readonly string[]
  readonly retry?: boolean
  readonly fromFiles?: string
}

export async function run(session: Session, input: BackfillInput): Promise<Exit> {
  const { config } = await session.load()
  const request = requestOf(input, config)
  const { signal } = session
  if (input.fromFiles !== undefined) await backfillFromFiles(session, config, request, input.fromFiles)
  const screen = new BackfillScreen(session)
  await using backfill = await openBackfill({
    config,
    logger: loggerOf(session),
    onNotice: (line) => screen.notice(escapeHiddenInLines(line)),
    signal,
  })
  session.interrupt.onFirst(() =>
    screen.notice('Stopping after the current window. The same command goes on from there.', 'stopping'),
  )
  try {
    const { result, failure } = await audited(
      backfill.store,
      'backfill',
      { ...input },
      async () => {
        const tasks = await session.unlessInterrupted(backfill.plan(request))
        await screen.started(tasks.length, await backfill.countCalls(tasks))
        const result = await backfill.run(tasks, { signal, onProgress: (progress) => screen.progress(progress) })
        return { result, failure: result.failures.length === tasks.length ? result.failures[0]?.error : undefined }
      },
      ({ failure }) => failure,
    )
    await screen.done(result, nameOf)
    if (failure) return EXIT_OF_CODE[failure.code]
    return result.failures.length > 0 ? EXIT.failed : EXIT.ok
  } finally {
    screen.close()
  }
}

/** @throws QiError BAD_REQUEST naming the flag */
function requestOf(input: BackfillInput, config: PlatformConfig): BackfillRequest {
  const { coins, gaps = false, every, source, currency, retry } = input
  const { type, timeframe, from, to } = parseQuery(coverageQuery, {
    ...(input.type && { type: input.type }),
    ...(input.timeframe && { timeframe: input.timeframe }),
    ...(input.from && { from: input.from }),
    ...(input.to && { to: input.to }),
  })
  if (source !== undefined && !config.sources.instances.has(source))
    throw wrong('source', `there is no source named ${source}${suggest(source, [...config.sources.instances.keys()])}`)
  if (gaps) {
    if (every) throw wrong('every', '--every does not go with --gaps, which takes all that the provider has: leave it out')
    const types = type ? [type] : timeframe ? (['ohlcv'] as const) : undefined
    const filter = {
      ...(coins.length > 0 && { coins }),
      ...(source && { sources: [source] }),
      ...(currency && { currencies: currency }),
      ...(types && { types }),
      ...(timeframe && { timeframes: [timeframe] }),
    }
    return { gaps: filter, from, to, retry }
  }
  if (coins.length === 0)
    throw wrong('coins', 'coins are missing: name them, such as qicore backfill bitcoin --from 2026-01-01, or use --gaps')
  if (from === undefined) throw wrong('from', '--from is missing: say where to begin, such as --from 2026-01-01')
  if (type === 'ohlcv' && !timeframe)
    throw wrong('timeframe', '--timeframe is missing: --type ohlcv needs the length of the candles, such as --timeframe 1h')
  if (type && type !== 'ohlcv' && timeframe)
    throw wrong('timeframe', '--timeframe is for candles (--type ohlcv): leave it out; prices take --every')
  if (every && (timeframe || (type && type !== 'price')))
    throw wrong('every', '--every is for prices: leave it out; candles take --timeframe')
  return {
    coins,
    source: source ?? defaultSource(config),
    currencies: currency,
    type,
    timeframe,
    every: lengthOf(every),
    from,
    to,
    retry,
  }
}

const defaultSource = ({ sources }: PlatformConfig): string =>
  sourcesThatRun(sources).find((name) => sources.instances.get(name)?.type.history) ?? 'coingecko'

function lengthOf(every: string | undefined): Timeframe | undefined {
  if (every === undefined || TIMEFRAMES.includes(every as Timeframe)) return every as Timeframe | undefined
  throw wrong('every', `every "${every}": expected one of ${TIMEFRAMES.join(', ')}`)
}

const wrong = (field: string, message: string): QiError => new QiError('BAD_REQUEST', message, { field })

const nameOf = ({ source, series }: BackfillTask): string =>
  [series.coinId, kindOf(series), 'of', source, ...(series.currency === '' ? [] : ['in', series.currency])]
    .filter(Boolean)
    .join(' ')
