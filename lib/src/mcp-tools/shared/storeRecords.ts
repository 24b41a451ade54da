import { z } from 'zod'
import type { ToolContext } from '../../base/agent/index.ts'
import {
  countOf,
  escapeHidden,
  formatTime,
  MANUAL,
  QiError,
  type RecordType,
  type RecordValues,
  toQiError,
} from '../../base/types/index.ts'

/** Most records in one call; more belong in a backfill or the stream. */
export const MOST_RECORDS = 1000
const MOST_SHOWN = 10

/** Fields that we set, so that no handed-in record passes for a provider's. */
const OURS = ['source', 'origin', 'received_at'] as const

/** Records as arguments. Each is validated by itself later, so that a bad one does not cost the others. */
export const recordsOf = (type: RecordType) => {
  const { properties = {}, required = [] } = z.toJSONSchema(type.schema, { io: 'input', unrepresentable: 'any' })
  const isTheirs = (name: string) => !(OURS as readonly string[]).includes(name)
  return z
    .array(
      z.unknown().meta({
        type: 'object',
        properties: Object.fromEntries(Object.entries(properties).filter(([name]) => isTheirs(name))),
        required: required.filter(isTheirs),
      }),
    )
    .min(1)
    .max(MOST_RECORDS)
    .describe(`up to ${MOST_RECORDS}; figures are decimals as text and kept to the last digit`)
}

export const refusedShown = z
  .int()
  .min(1)
  .max(MOST_RECORDS)
  .default(MOST_SHOWN)
  .describe(`how many refused records the answer shows; at most ${MOST_RECORDS}`)

export const storedOut = z.object({
  type: z.string(),
  given: z.int(),
  stored: z.int().describe('added, durable now'),
  overwritten: z.int().describe('records whose key was there already: of the two the one with the later received_at stays'),
  waiting: z.int().describe('in the stream, not yet stored: no consumer took them within 10 s'),
  refused: z.int(),
  refusals: z.array(z.object({ index: z.int().describe('into `records`'), code: z.string(), reason: z.string() })),
})
export type Stored = z.infer<typeof storedOut>

/** A handed-in record, marked as manual. @throws QiError BAD_DATA */
export function handedIn(type: RecordType, wire: unknown): RecordValues {
  if (typeof wire !== 'object' || wire === null || Array.isArray(wire))
    throw new QiError('BAD_DATA', `${type.name}: a record is an object with the fields that qicore://schema lists`)
  for (const name of OURS)
    if (Object.hasOwn(wire, name))
      throw new QiError(
        'BAD_DATA',
        `${type.name}: ${name} cannot be given: what is handed in has the source and the origin "${MANUAL}" and is received now; leave it out`,
        { field: name },
      )
  return type.fromWire({ ...wire, source: MANUAL, origin: MANUAL, received_at: formatTime(Date.now() * 1000) })
}

/**
 * Stores handed-in records by way of the stream, like those of any source.
 * @throws QiError BAD_DATA if all of them were refused
 */
export async function storeRecords(
  type: RecordType,
  wires: readonly unknown[],
  shown: number,
  { platform, signal }: ToolContext,
): Promise<Stored> {
  const refused: { index: number; error: QiError }[] = []
  const records: RecordValues[] = []
  const places: number[] = []
  for (const [index, wire] of wires.entries())
    try {
      records.push(handedIn(type, wire))
      places.push(index)
    } catch (error) {
      refused.push({ index, error: toQiError(error) })
    }
  const result =
    records.length > 0 ? await platform.handIn(type, records, { signal }) : { stored: true, overwritten: 0, refused: [] }
  for (const { index, error } of result.refused) refused.push({ index: places[index] as number, error })
  refused.sort((a, b) => a.index - b.index)
  const taken = records.length - result.refused.length
  if (taken === 0) throw nothingStored(refused)
  return {
    type: type.name,
    given: wires.length,
    stored: result.stored ? taken - result.overwritten : 0,
    overwritten: result.stored ? result.overwritten : 0,
    waiting: result.stored ? 0 : taken,
    refused: refused.length,
    refusals: refused
      .slice(0, shown)
      .map(({ index, error }) => ({ index, code: error.code, reason: error.message.slice(0, 300) })),
  }
}

function nothingStored(refused: readonly { index: number; error: QiError }[]): QiError {
  const some = refused.slice(0, 3).map(({ index, error }) => `records.${index}: ${error.message.slice(0, 300)}`)
  return new QiError('BAD_DATA', `no record was stored; correct them and call again. ${some.join('; ')}`, { field: 'records' })
}

export const storedText = ({ type, given, stored, overwritten, waiting, refused, refusals }: Stored): string =>
  [
    waiting > 0
      ? `${waiting} of ${countOf(given, 'record')} of the type ${type} are in the stream, not yet stored: no consumer took them within 10 s; platform_health tells why`
      : `${stored} of ${countOf(given, 'record')} of the type ${type} are stored, as source ${MANUAL}`,
    ...(overwritten > 0 ? [`${overwritten} overwritten: their keys were there already, and the later received_at stays`] : []),
    ...refusals.map(({ index, reason }) => `refused records.${index}: ${escapeHidden(reason)}`),
    ...(refused > refusals.length ? [`${refused - refusals.length} more refused: pass a greater refusals_shown`] : []),
  ].join('\n')
