import { z } from 'zod'
import {
  breakerSettings,
  isPlainUrl,
  plainUrlExpected,
  retrySettings,
  tlsProblems,
  tlsSettings,
  type UrlScheme,
} from '../../base/networking/index.ts'
import { idCheck, TIMEFRAMES, type Timeframe } from '../../base/types/index.ts'
import { costProblems, instrumentsOf } from './cost.ts'
import { CHANNELS, type VenueLimits } from './types.ts'

/** Traits of a venue that its settings depend on. */
export interface SettingTraits {
  /** Prefix of environment variables, such as `BINANCE`. */
  readonly env: string
  readonly limits: VenueLimits
  /** Timeframes of the candles that it pushes, the usual one first; none: it pushes no candles. */
  readonly timeframes: readonly Timeframe[]
  /** Quote currencies of the default instruments. */
  readonly quotes: readonly [string, ...string[]]
  /** Depths of its order books that may be asked for. */
  readonly bookLevels: { readonly most: number; readonly usual: number }
}

const urls = (scheme: UrlScheme) =>
  z
    .union([z.string(), z.array(z.string()).min(1)])
    .transform((given) => (typeof given === 'string' ? given.split(',') : given).map((url) => url.trim()).filter(Boolean))
    .check(z.refine((list) => list.length > 0 && list.every((url) => isPlainUrl(scheme, url)), plainUrlExpected(scheme)))
    .optional()

const milliseconds = (least: number, most: number) => z.int().min(least).max(most)

/** Settings that every venue has. */
export const venueFields = ({ env, limits, timeframes, quotes, bookLevels }: SettingTraits) => ({
  symbols: z
    .array(z.string().trim().min(1).max(100).check(idCheck))
    .min(1)
    .max(5000)
    .optional()
    .describe("instruments to follow, such as BTC/USDT, or the venue's own ids, such as BTCUSDT; default: the top ones")
    .meta({ env: `${env}_SYMBOLS`, open: true }),
  top: z
    .int()
    .min(1)
    .max(2000)
    .default(10)
    .describe('how many instruments to follow, by volume of the day, if symbols is unset')
    .meta({ open: true }),
  quotes_in: z
    .array(z.string().trim().min(1).max(20))
    .min(1)
    .default([...quotes])
    .describe('quote currencies of the top instruments')
    .meta({ open: true }),
  channels: z
    .array(z.enum(CHANNELS))
    .min(1)
    .default(timeframes.length > 0 ? ['trades', 'quotes', 'candles'] : ['trades', 'quotes'])
    .describe('records to take: trades, quotes (best bid and ask), candles, books (order books)')
    .meta({ open: true }),
  timeframes: (timeframes.length > 0 ? z.array(z.enum(timeframes)).min(1) : z.array(z.enum(TIMEFRAMES)).max(0))
    .default(timeframes.slice(0, 1))
    .describe(timeframes.length > 0 ? 'lengths of the pushed candles' : 'none: the venue pushes no candles')
    .meta({ open: true }),
  quote_every_ms: milliseconds(0, 3_600_000)
    .default(100)
    .describe('shortest time between two quotes of an instrument; 0 takes each change')
    .meta({ open: true }),
  book_levels: z
    .int()
    .min(1)
    .max(bookLevels.most)
    .default(bookLevels.usual)
    .describe('levels of a side in a stored order book')
    .meta({ open: true }),
  book_every_ms: milliseconds(100, 3_600_000)
    .default(1000)
    .describe('time between two stored order books of an instrument')
    .meta({ open: true }),
  twin: z.boolean().default(true).describe('two connections for the same data, so that the end of one loses nothing'),
  fill: z
    .enum(['start', 'reconnect', 'none'])
    .default('start')
    .describe('when missing trades are fetched: after a start and a cut, after a cut, never'),
  fill_max: z
    .int()
    .min(1)
    .max(100_000_000)
    .default(100_000)
    .describe('most missing trades of an instrument that are fetched while it runs; more are left to qicore backfill --gaps'),
  gb_per_day: z.number().positive().default(25).describe('most gigabytes a day that the settings may store, by the estimate'),
  rest_url: urls('http')
    .describe('base URL of the REST API; several share the calls')
    .meta({ env: `${env}_REST_URL` }),
  ws_url: urls('ws')
    .describe('URL of the sockets; the second connection of a twin takes the second')
    .meta({ env: `${env}_WS_URL` }),
  compress: z.boolean().default(false).describe('offer compression of the sockets: less traffic for more CPU'),
  calls_per_minute: z
    .number()
    .positive()
    .optional()
    .describe("weight of REST calls a minute, shared by all processes on the store; default: the venue's limit"),
  connections_per_minute: z
    .int()
    .min(1)
    .max(10_000)
    .default(limits.connectionsPerMinute)
    .describe('new sockets a minute, shared by all processes on the store'),
  silence_ms: milliseconds(1000, 3_600_000).optional().describe('a socket that is silent for longer is replaced'),
  stall_ms: milliseconds(1000, 3_600_000)
    .default(60_000)
    .describe('sockets are closed once the stream has taken nothing for this long, and opened when it does again'),
  timeout_ms: milliseconds(100, 300_000).default(15_000).describe('the time limit of one call, and of a connection to open'),
  reconnect: z
    .strictObject({
      base_ms: milliseconds(1, 600_000).default(200).describe('the first wait, which doubles with jitter'),
      max_ms: milliseconds(1, 3_600_000).default(30_000).describe('the longest wait'),
      healthy_ms: milliseconds(0, 3_600_000).default(10_000).describe('a connection that lived this long resets the waits'),
    })
    .prefault({})
    .describe('waits before a new connection'),
  retry: retrySettings.prefault({}).describe('how a failed call is retried'),
  breaker: breakerSettings.prefault({}).describe('the circuit breaker of each REST address'),
  tls: tlsSettings(env, 'the venue').prefault({}).describe('for a venue behind a server of your own'),
})

export const venueSchema = (traits: SettingTraits) => z.strictObject(venueFields(traits))
export type VenueSettings = z.output<ReturnType<typeof venueSchema>>

/** Settings of a venue, with the checks that need several of them. */
export const venueConfig = (traits: SettingTraits) =>
  venueSchema(traits).check((context) => {
    for (const { path, message } of settingProblems(context.value, traits))
      context.issues.push({ code: 'custom', input: context.value, path: [...path], message })
  })

export interface SettingProblem {
  readonly path: readonly string[]
  readonly message: string
}

/** Contradictions between settings, with the arithmetic. */
export const settingProblems = (settings: VenueSettings, { limits, timeframes }: SettingTraits): readonly SettingProblem[] => [
  ...tlsProblems(settings.tls),
  ...(timeframes.length === 0 ? candleProblems(settings) : []),
  ...costProblems(settings),
  ...socketProblems(settings, limits),
]

/** Of a venue that pushes no candles. */
const candleProblems = ({ channels }: VenueSettings): readonly SettingProblem[] =>
  channels.includes('candles')
    ? [
        {
          path: ['channels'],
          message: 'the venue pushes no candles: take candles out of channels; the platform builds them from the trades',
        },
      ]
    : []

function socketProblems(
  settings: VenueSettings,
  { subscriptionsPerSocket, socketsPerAddress }: VenueLimits,
): readonly SettingProblem[] {
  const each = settings.channels.length + (settings.channels.includes('candles') ? settings.timeframes.length - 1 : 0)
  const perSocket = Math.floor(subscriptionsPerSocket / each)
  const instruments = instrumentsOf(settings)
  const feeds = settings.twin ? 2 : 1
  const sockets = Math.ceil(instruments / Math.max(1, perSocket)) * feeds
  if (sockets <= socketsPerAddress && perSocket > 0) return []
  return [
    {
      path: ['channels'],
      message: `${instruments} instruments with ${each} subscriptions each need ${sockets} sockets of ${subscriptionsPerSocket} subscriptions${feeds > 1 ? ', two for each with twin' : ''}; the venue takes ${socketsPerAddress}: name fewer instruments, channels or timeframes`,
    },
  ]
}
