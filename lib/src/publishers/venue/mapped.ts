import { errorMessage, QiError, type RecordValues, type Rejected } from '../../base/types/index.ts'
import type { Instruments } from './Instruments.ts'
import type { Listed, MappedRecords, Page } from './types.ts'

/** Records of the parts of a message or body. A part that is none is rejected with its reason; the others are kept. */
export function recordsOf<P, R extends RecordValues>(parts: readonly P[], make: (part: P) => R | undefined): Page<R> {
  const records: R[] = []
  let rejected: Rejected[] | undefined
  for (const part of parts) {
    try {
      const record = make(part)
      if (record) records.push(record)
    } catch (error) {
      rejected ??= []
      rejected.push({ reason: errorMessage(error), original: originalOf(part) })
    }
  }
  return rejected ? { records, rejected } : { records }
}

/** The same, as the meaning of a message. */
export const mappedOf = <P, R extends RecordValues>(
  kind: MappedRecords['kind'],
  parts: readonly P[],
  make: (part: P) => R | undefined,
): MappedRecords<R> => ({ kind, ...recordsOf(parts, make) })

/** @throws QiError BAD_DATA for an instrument that the venue does not list */
export function listedOf(instruments: Instruments, symbol: unknown): Listed {
  const found = typeof symbol === 'string' ? instruments.bySymbol(symbol) : undefined
  if (found) return found
  throw new QiError('BAD_DATA', `instrument ${String(JSON.stringify(symbol)).slice(0, 60)} is not in the venue's list`)
}

const MOST_OF_AN_ORIGINAL = 16_384
const originalOf = (part: unknown): string => String(JSON.stringify(part)).slice(0, MOST_OF_AN_ORIGINAL)
