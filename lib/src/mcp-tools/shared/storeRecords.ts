import { z } from 'zod'
import {
  countOf,
  formatTime,
  QiError,
  type RecordType,
  type RecordValues,
  type ToolContext,
  toQiError,
} from '../../base/index.ts'

/** Most records in one call: what is more belongs in a backfill, or in the stream. */
export const MOST_RECORDS = 1000
const MOST_SHOWN = 10

const PRESETS = ['received_at', 'origin']

/** Records as arguments: each is checked by itself, so that a bad one does not cost the others. */
export const recordsOf = (type: RecordType) => {
  const { properties, required = [] } = z.toJSONSchema(type.schema, { io: 'input', unrepresentable: 'any' })
  return z
    .array(
      z.unknown().meta({
        type: 'object',
        properties,
        required: required.filter((name) => !PRESETS.includes(name)),
      }),
    )
    .min(1)
    .max(MOST_RECORDS)
    .describe(
      `up to ${MOST_RECORDS}; figures are decimals as text and kept to the last digit; received_at is now and origin "backfill" when left out`,
    )
}

export const refusedShown = z
  .int()
  .min(1)
  .max(MOST_RECORDS)
  .default(MOST_SHOWN)
  .describe(`how many refused records are told of in the answer; at most ${MOST_RECORDS}`)

export const storedOut = z.object({
  type: z.string(),
  given: z.int(),
  stored: z.int().describe('added, durable now'),
  overwritten: z.int().describe('records whose key was there already: of the two the one with the later received_at stays'),
  refused: z.int(),
  refusals: z.array(z.object({ index: z.int().describe('into `records`'), code: z.string(), reason: z.string() })),
})
export type Stored = z.infer<typeof storedOut>

/**
 * Stores records by their primary key, checked as a publisher checks them.
 * @throws QiError BAD_DATA where not one of them could be stored
 */
export async function storeRecords(
  type: RecordType,
  wires: readonly unknown[],
  shown: number,
  { store, signal }: ToolContext,
): Promise<Stored> {
  const refused: { index: number; error: QiError }[] = []
  const records: RecordValues[] = []
  const places: number[] = []
  const now = formatTime(Date.now() * 1000)
  for (const [index, wire] of wires.entries())
    try {
      records.push(type.fromWire(completed(wire, now)))
      places.push(index)
    } catch (error) {
      refused.push({ index, error: toQiError(error) })
    }
  const { written, overwritten = 0, failed } = await store.timescale.upsert(type, records, { signal })
  for (const { index, error } of failed) refused.push({ index: places[index] as number, error })
  refused.sort((a, b) => a.index - b.index)
  if (refused.length === wires.length) throw nothingStored(refused)
  return {
    type: type.name,
    given: wires.length,
    stored: written,
    overwritten,
    refused: refused.length,
    refusals: refused
      .slice(0, shown)
      .map(({ index, error }) => ({ index, code: error.code, reason: error.message.slice(0, 300) })),
  }
}

/** What somebody hands in was taken later than it happened, as far as we know. */
const completed = (wire: unknown, now: string): unknown =>
  typeof wire === 'object' && wire !== null && !Array.isArray(wire) ? { received_at: now, origin: 'backfill', ...wire } : wire

function nothingStored(refused: readonly { index: number; error: QiError }[]): QiError {
  const some = refused.slice(0, 3).map(({ index, error }) => `records.${index}: ${error.message.slice(0, 300)}`)
  return new QiError('BAD_DATA', `no record was stored; mend them and call again. ${some.join('; ')}`, { field: 'records' })
}

export const storedText = ({ type, given, stored, overwritten, refused, refusals }: Stored): string =>
  [
    `${stored} of ${countOf(given, 'record')} of the type ${type} are stored`,
    ...(overwritten > 0 ? [`${overwritten} overwritten: their keys were there already, and the later received_at stays`] : []),
    ...refusals.map(({ index, reason }) => `refused records.${index}: ${reason}`),
    ...(refused > refusals.length ? [`${refused - refusals.length} more refused: pass a greater refusals_shown`] : []),
  ].join('\n')
