import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ExactJson, JsonNumber, parseExactJson } from '../../lib/src/base/types/index.ts'

describe('parseExactJson', () => {
  it.each([
    '123456789012345.12345678',
    '5.6e-11',
    '2.993E-05',
    '1.0e+15',
    '18921275.0',
    '-0',
    '1e400',
    '0.1',
    '9007199254740993',
  ])('%s keeps its digits, there and back', (source) => {
    const body = parseExactJson(`{"a":[${source}]}`) as { a: JsonNumber[] }
    expect(body.a[0]).toBeInstanceOf(JsonNumber)
    expect(String(body.a[0])).toBe(source)
    expect(JSON.stringify(body)).toBe(`{"a":[${source}]}`)
  })

  it('equals JSON.parse in everything else', () => {
    const floats = (value: ExactJson): unknown => {
      if (value instanceof JsonNumber) return Number(value.source)
      if (Array.isArray(value)) return value.map(floats)
      if (value === null || typeof value !== 'object') return value
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, floats(inner)]))
    }
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
        expect(floats(parseExactJson(text))).toEqual(JSON.parse(text))
        expect(JSON.stringify(parseExactJson(text))).toBe(text)
      }),
    )
  })

  it.each(['', '{', '{"a":01}', "{'a':1}", '<html>', '[1,]', 'NaN', `${'['.repeat(200_000)}`])(
    '%.20s is refused as no JSON',
    (text) => {
      expect(() => parseExactJson(text)).toThrow(
        expect.objectContaining({ code: 'BAD_DATA', message: expect.stringContaining('not JSON') }),
      )
    },
  )

  it('a key such as __proto__ is an ordinary key', () => {
    const body = parseExactJson('{"__proto__":{"polluted":1}}') as Record<string, unknown>
    expect(Object.hasOwn(body, '__proto__')).toBe(true)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})
