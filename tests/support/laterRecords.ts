import { z } from 'zod'
import { type RecordType, recordTypes } from '../../lib/src/base/types/index.ts'

/** Fields that no record type has: those of a later version, as JSON. */
export const LATER = '"fee":0.10000000000000000001,"depth":[["1.50",{"deep":[null,true]}]],"note":"later"'
/** The same behind a text that the fast lane leaves to the decoded way. */
export const LATER_AND_SLOW = `${LATER},"remark":"größe \\"x\\""`

interface Texts {
  readonly enum?: readonly string[]
  readonly anyOf?: readonly { readonly enum?: readonly string[] }[]
}

const VALUES: Readonly<Record<string, unknown>> = { decimal: '1.5', integer: 7, float: 1.5, boolean: true }

/** A valid wire record of a type, of one source and coin. */
export function sampleWire(type: RecordType, source: string, coinId: string): Record<string, unknown> {
  const fields = type.fields.map(({ name, kind }) => {
    if (kind === 'time') return [name, name === 'time' ? '2026-01-01T00:00:00Z' : '2026-01-01T12:00:00Z']
    if (kind === 'decimals') return [name, name.startsWith('ask') ? ['2.5', '3.50'] : ['1.5', '-1']]
    if (kind !== 'text') return [name, VALUES[kind]]
    const { enum: words, anyOf } = z.toJSONSchema(type.schema.shape[name] as z.ZodType, { io: 'input' }) as Texts
    return [name, (words ?? anyOf?.flatMap((each) => each.enum ?? []))?.[0] ?? 'x']
  })
  return { ...Object.fromEntries(fields), source, ...(type.schema.shape.coin_id && { coin_id: coinId }) }
}

/** A value on the wire, with the fields of a later version in its midst. */
export function laterValue(wire: Readonly<Record<string, unknown>>, later: string = LATER): string {
  const [first, ...rest] = Object.entries(wire).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  return `{${[first, later, ...rest].join(',')}}`
}

export const everyType = Object.values(recordTypes) as unknown as readonly RecordType[]
