import { addDecimals, type CorporateAction, corporateAction, type ExactJson, type Micros } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import { arrayOf, objectOf, textOf } from '../../shared/json.ts'
import type { Listing } from '../listing.ts'
import { figure, stampTime } from './figures.ts'

/** `splits`: a 4-for-1 split has the factors from 4 to 1, which its prices are divided by. @throws QiError BAD_DATA */
export function parseSplits(body: ExactJson, { coinId }: Listing, seen: Seen): Parsed<CorporateAction> {
  const out = new Collector<CorporateAction>(corporateAction)
  for (const [i, part] of arrayOf(objectOf(body, 'the answer').splits, 'splits').entries())
    out.add(`splits.${i}`, part, () => {
      const { date, from_factor, to_factor } = objectOf(part, 'a split')
      return {
        ...seen,
        coinId,
        time: stampTime(date, 'date'),
        action: 'split',
        ratioFrom: figure(to_factor, 'to_factor'),
        ratioTo: figure(from_factor, 'from_factor'),
      }
    })
  return out.done(byTime)
}

/** `dividends`: those of one ex-date, such as a special one beside the usual, are one sum. @throws QiError BAD_DATA */
export function parseDividends(body: ExactJson, { coinId, currency: listed }: Listing, seen: Seen): Parsed<CorporateAction> {
  const answer = objectOf(body, 'the answer')
  const { currency } = objectOf(answer.meta, 'meta')
  const out = new Collector<CorporateAction>(corporateAction)
  for (const [i, part] of arrayOf(answer.dividends, 'dividends').entries())
    out.add(`dividends.${i}`, part, () => {
      const { ex_date, amount } = objectOf(part, 'a dividend')
      return {
        ...seen,
        coinId,
        time: stampTime(ex_date, 'ex_date'),
        action: 'dividend',
        amount: figure(amount, 'amount'),
        currency: currency === undefined ? listed : textOf(currency, 'currency'),
      }
    })
  const { records, ...rest } = out.done(byTime)
  const sums = new Map<Micros, CorporateAction>()
  for (const one of records) {
    const known = sums.get(one.time)?.amount
    sums.set(one.time, known === undefined || one.amount === undefined ? one : { ...one, amount: addDecimals(known, one.amount) })
  }
  return { ...rest, records: [...sums.values()] }
}

const byTime = (a: CorporateAction, b: CorporateAction): number => a.time - b.time
