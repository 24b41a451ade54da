import { type QiError, type SettingWarning, suggest } from '../../base/types/index.ts'
import type { Instruments } from './Instruments.ts'
import type { Listed } from './types.ts'

export interface Chosen {
  readonly instruments: readonly Listed[]
  /** Names that the venue does not list, and instruments that do not trade now. */
  readonly warnings: readonly SettingWarning[]
}

/** The instruments that the settings name: the named ones, or those of the greatest volume. */
export function choose(
  instruments: Instruments,
  {
    symbols,
    top,
    quotes_in: quotes,
  }: { readonly symbols?: readonly string[] | undefined; readonly top: number; readonly quotes_in: readonly string[] },
  peer: string,
): Chosen {
  const since = Date.now()
  if (!symbols) {
    const wanted = new Set(quotes.map((quote) => quote.toUpperCase()))
    const trading = [...instruments.all()].filter(({ active, quote }) => active && wanted.has(quote.toUpperCase()))
    trading.sort((a, b) => (b.quoteVolume ?? 0) - (a.quoteVolume ?? 0) || (a.coinId < b.coinId ? -1 : 1))
    return { instruments: trading.slice(0, top), warnings: [] }
  }
  const found = new Map<string, Listed>()
  const warnings: SettingWarning[] = []
  for (const name of symbols) {
    const listed = instruments.named(name) ?? instruments.named(name.toUpperCase())
    if (!listed) {
      const hint = suggest(
        name.toUpperCase(),
        Array.from(instruments.all(), ({ coinId }) => coinId),
      )
      warnings.push({
        subject: `symbol ${name}`,
        message: `${peer} lists no instrument ${name}${hint || '; correct it in symbols'}`,
        since,
      })
      continue
    }
    if (!listed.active)
      warnings.push({
        subject: `symbol ${name}`,
        message: `${listed.coinId} does not trade at ${peer} now; it is followed all the same`,
        since,
      })
    found.set(listed.coinId, listed)
  }
  return { instruments: [...found.values()], warnings }
}

/** Codes that every retry of the listing would fail with. */
const FINAL = new Set(['BAD_REQUEST', 'FORBIDDEN', 'UNAUTHORIZED', 'NOT_FOUND', 'CONFIG_INVALID', 'UNSUPPORTED', 'INTERNAL'])
export const isFinal = ({ code }: QiError): boolean => FINAL.has(code)
