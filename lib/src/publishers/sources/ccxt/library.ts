import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { optionalPackageFolder, QiError, suggest } from '../../../base/types/index.ts'

/** The major version that this folder is written for. */
const MAJOR = 4
/** Where ccxt 4 has a module for each exchange. Its one export loads all of them: 110 MB in place of 44. */
const MODULES = join('js', 'src')

/** The parts of ccxt's Exchange that are used or replaced. Figures and ids are texts once {@link keepDigits} was called. */
export interface CcxtExchange {
  readonly id: string
  readonly name?: string
  readonly has: Readonly<Record<string, boolean | string | undefined>>
  readonly timeframes?: Readonly<Record<string, unknown>>
  readonly features?: { readonly spot?: { readonly fetchOHLCV?: { readonly limit?: number } } }
  readonly options: Record<string, unknown>
  /** Milliseconds that a call of cost 1 takes of the limit. */
  readonly rateLimit: number
  readonly precisionMode?: number
  readonly markets?: Readonly<Record<string, CcxtMarket>> | undefined
  urls: { api: unknown; readonly test?: unknown }
  timeout: number
  enableRateLimit: boolean
  number: (value: unknown) => unknown
  fetchImplementation: unknown
  parseJson: (text: string) => unknown
  parseNumber: (value: unknown, fallback?: unknown) => unknown
  safeTicker: (ticker: Record<string, unknown>, market?: unknown) => Record<string, unknown>
  createCcxtTradeId: () => undefined
  throttle: (cost?: number) => Promise<void>
  setSandboxMode(enabled: boolean): void
  fetchMarkets(): Promise<unknown>
  setMarkets(markets: unknown): void
  fetchTime(): Promise<unknown>
  fetchTrades(symbol: string, since?: number, limit?: number): Promise<readonly CcxtTrade[]>
  fetchOHLCV(symbol: string, timeframe: string, since?: number, limit?: number): Promise<readonly CcxtCandle[]>
  fetchTicker(symbol: string): Promise<CcxtTicker>
  fetchTickers(symbols: readonly string[]): Promise<Readonly<Record<string, CcxtTicker>>>
}

export interface CcxtMarket {
  readonly id?: string
  readonly symbol: string
  readonly base?: string
  readonly quote?: string
  readonly spot?: boolean
  readonly active?: boolean
  readonly precision?: { readonly price?: unknown; readonly amount?: unknown }
  readonly info?: unknown
}

export interface CcxtTrade {
  readonly id?: unknown
  readonly timestamp?: unknown
  readonly side?: unknown
  readonly price?: unknown
  readonly amount?: unknown
  readonly info?: unknown
}

/** Milliseconds, open, high, low, close, volume. */
export type CcxtCandle = readonly unknown[]

export interface CcxtTicker {
  readonly symbol?: unknown
  readonly timestamp?: unknown
  readonly last?: unknown
  readonly bid?: unknown
  readonly bidVolume?: unknown
  readonly ask?: unknown
  readonly askVolume?: unknown
  readonly info?: unknown
}

/**
 * An exchange of ccxt, of which nothing else is loaded.
 * @param source the name of the instance, for errors
 * @throws QiError CONFIG_INVALID if ccxt is not installed, is another version, or has no such exchange
 */
export async function loadExchange(exchange: string, source: string): Promise<CcxtExchange> {
  const field = `sources.${source}.exchange`
  const folder = optionalPackageFolder({ name: 'ccxt', major: MAJOR, neededBy: `source ${source} (type "ccxt")`, field })
  const modules = join(folder, MODULES)
  const module = join(modules, `${exchange}.js`)
  if (!existsSync(module)) {
    const files = existsSync(modules) ? await readdir(modules) : []
    const known = files.flatMap((file) => (file.endsWith('.js') ? [file.slice(0, -3)] : []))
    throw new QiError(
      'CONFIG_INVALID',
      known.length === 0
        ? `source ${source}: ccxt at ${folder} has no ${MODULES}: install version ${MAJOR}: npm install ccxt@${MAJOR}`
        : `${field} "${exchange}": ccxt has no such exchange${suggest(exchange, known)}`,
      { field },
    )
  }
  const { default: Exchange } = (await import(pathToFileURL(module).href)) as { default: new (options: object) => CcxtExchange }
  return new Exchange({})
}
