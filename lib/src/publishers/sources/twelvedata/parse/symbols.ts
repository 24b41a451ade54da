import type { ExactJson } from '../../../../base/types/index.ts'
import { arrayOf, objectOf, textOf } from '../../shared/json.ts'
import { assetClassOf, coinIdOf, type Listing } from '../listing.ts'

const optionalText = (value: ExactJson | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** `symbol_search`: every listing, the best match first. @throws QiError BAD_DATA */
export function parseSymbols(body: ExactJson): Listing[] {
  const { data } = objectOf(body, 'the answer')
  return arrayOf(data, 'data').map((row) => {
    const found = objectOf(row, 'the listing')
    const symbol = textOf(found.symbol, 'symbol')
    const micCode = symbol.includes('/') ? undefined : optionalText(found.mic_code)
    const quote = symbol.split('/')[1]
    return {
      coinId: coinIdOf(symbol, micCode),
      symbol,
      name: optionalText(found.instrument_name) ?? symbol,
      exchange: textOf(found.exchange, 'exchange'),
      micCode,
      country: optionalText(found.country),
      currency: quote ?? textOf(found.currency, 'currency'),
      timezone: optionalText(found.exchange_timezone),
      assetClass: assetClassOf(optionalText(found.instrument_type) ?? ''),
    }
  })
}
