import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  escapeHidden,
  hiddenIn,
  instrument,
  price,
  QiError,
  quoted,
  type RecordType,
  recordTypes,
  visibleName,
} from '../../lib/src/base/types/index.ts'

/** One character of each kind that a hostile name may contain. */
const HOSTILE = [
  '\u0000',
  '\u0007',
  '\n',
  '\r',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u009b',
  '\u00ad',
  '\u034f',
  '\u061c',
  '\u200b',
  '\u200e',
  '\u200f',
  '\u2028',
  '\u2029',
  '\u202a',
  '\u202e',
  '\u2060',
  '\u2066',
  '\u2069',
  '\u3164',
  '\ufeff',
  '\ufff9',
  '\u{e0041}',
  '\u{e0100}',
]
const NAMES = ['Bitcoin', 'Ünïcode', '比特币', '❤️ Coin', '👨‍💻', '👩‍❤️‍💋‍👨', 'می‌خواهم', 'e\u0301', 'A | B', '"x"']

const wire = {
  coin_id: 'bitcoin',
  source: 'coingecko',
  time: '2026-01-31T12:00:00Z',
  received_at: '2026-01-31T12:00:01Z',
  origin: 'live',
  currency: 'usd',
  price: '1',
}
const listed = { ...wire, kind: 'currency', symbol: 'btc', name: 'Bitcoin', active: true }
/** Texts that only people read: hidden characters are removed from them. */
const FOR_PEOPLE = ['instrument.name', 'alert.message']
const texts = (Object.values(recordTypes) as RecordType[]).flatMap((type) =>
  type.fields
    .filter(({ kind, name }) => kind === 'text' && !FOR_PEOPLE.includes(`${type.name}.${name}`))
    .map(({ name }) => ({ type, name })),
)

describe('hidden characters', () => {
  it.each(HOSTILE)('%j is refused in each text of each record type, by its code, and removed from a name', (character) => {
    const id = `bit${character}coin`
    for (const { type, name } of texts) {
      const result = type.schema.shape[name]?.safeParse(id)
      expect(result?.success, `${type.name}.${name}`).toBe(false)
    }
    const code = `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
    expect(() => price.fromWire({ ...wire, coin_id: id })).toThrow(`holds the hidden character ${code}: leave it out`)
    expect(() => price.encodeChecked({ ...price.fromWire(wire), coinId: id })).toThrow(code)
    const named = instrument.fromWire({ ...listed, name: id })
    expect(['bitcoin', 'bit coin']).toContain(named.name)
    expect(JSON.parse(instrument.encodeChecked({ ...named, name: id })).name).toBe(named.name)
  })

  it.each(NAMES)('the name %j stays unchanged, also when it is shown', (name) => {
    expect(instrument.fromWire({ ...listed, name }).name).toBe(name)
    expect(escapeHidden(name)).toBe(name)
    expect(JSON.parse(quoted(name))).toBe(name)
  })

  it('joiners that hide something are removed from a name', () => {
    expect(visibleName('a\u200c\u200d\u200cb')).toBe('ab')
    expect(visibleName('\u200dab\ufe0f\ufe0f')).toBe('ab\ufe0f')
    expect(visibleName('\u200b\u2060')).toBe('\ufffd')
    expect(escapeHidden('a\u200d')).toBe('a\\u200d')
    expect(hiddenIn('👨‍💻')).toBe('U+200D')
  })

  it('for any text, its name form has no hidden character, and its escaped form is one visible line', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...HOSTILE, ...NAMES), fc.string({ unit: 'binary' }))), (parts) => {
        const text = parts.join('')
        const name = visibleName(text)
        expect(visibleName(name)).toBe(name)
        expect(escapeHidden(name)).toBe(name)
        const shown = escapeHidden(text)
        expect(escapeHidden(shown)).toBe(shown)
        expect(shown).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
        expect(JSON.parse(quoted(text))).toBe(text.toWellFormed())
      }),
      { numRuns: 1000 },
    )
  })

  it('an error that quotes them shows their escapes, and keeps its own line breaks', () => {
    expect(new QiError('BAD_REQUEST', 'no "a\u202eb"\nno "\u001b[2J"').message).toBe('no "a\\u202eb"\nno "\\u001b[2J"')
  })
})
