import type { ExactJson, Micros } from '../../../lib/src/base/types/index.ts'
import { askedEndpoint } from '../../../lib/src/publishers/sources/coingecko/interactions.ts'
import type { Refused } from '../../../lib/src/publishers/sources/shared/collect.ts'
import { type Account, account } from './accounting.ts'
import { isUnused, numbersOf } from './numbers.ts'

export interface Outcome extends Account {
  readonly endpoint: string
  readonly records: readonly object[]
  readonly rejected: readonly Refused[]
}

/** The outcome of a body, by the address that it came from; undefined where QiCore has no use for that endpoint. */
export function outcomeOf(url: string, body: ExactJson, receivedAt: Micros): Outcome | 'unused' | undefined {
  const asked = askedEndpoint(url)
  if (!asked) return isUnused(url) ? 'unused' : undefined
  const result = asked.parse(body, { source: 'coingecko', receivedAt, origin: 'replay' })
  const records: readonly object[] = 'records' in result ? result.records : result.matches
  const { rejected } = result
  return { endpoint: asked.name, records, rejected, ...account(body, numbersOf(asked.name, url), records, rejected) }
}
