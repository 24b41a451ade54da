import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Place } from '../../../app/server/live/Place.ts'
import { ResumeTokens, readToken, tokenOfPlace } from '../../../app/server/live/resume.ts'

const placeOf = (offsets: readonly bigint[], channel = 'prices', topicId = 'one') =>
  new Place(channel, `crypto-${channel}`, topicId, offsets)
const offset = fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) })
const offsets = fc.array(offset, { minLength: 1, maxLength: 40 })

test('a token has the offset of every partition and a time, whichever partition it was made for', () => {
  fc.assert(
    fc.property(offsets, fc.nat(), offset, fc.nat({ max: 4e12 }), (all, index, next, time) => {
      const partition = index % all.length
      const expected = all.with(partition, next)
      const token = new ResumeTokens(placeOf(all), partition).at(next, time)
      expect(token).toMatch(/^r1-[A-Za-z0-9_-]+$/)
      expect(readToken(token, 'from', placeOf(expected))).toEqual({ offsets: expected, time })
    }),
  )
})

test('a token of six partitions is short, and one of a thousand fits into a header', () => {
  expect(tokenOfPlace(placeOf(Array<bigint>(6).fill(2_000_000n))).length).toBeLessThan(64)
  expect(tokenOfPlace(placeOf(Array<bigint>(1000).fill(2_000_000_000n))).length).toBeLessThan(8_192)
})

test('a token of another channel or stream, or beyond its end, is refused with a remedy', () => {
  const here = placeOf([5n, 5n])
  const refusal = (token: string) => {
    try {
      readToken(token, 'from', here)
    } catch (error) {
      return error
    }
  }
  const refused = (message: RegExp) => ({ code: 'BAD_REQUEST', field: 'from', message: expect.stringMatching(message) })
  expect(refusal(tokenOfPlace(placeOf([1n, 1n], 'trades')))).toMatchObject(
    refused(/belongs to the channel trades; send one of prices/),
  )
  expect(refusal(tokenOfPlace(placeOf([1n, 1n], 'prices', 'two')))).toMatchObject(refused(/another stream.*snapshot/))
  expect(refusal(tokenOfPlace(placeOf([6n, 1n])))).toMatchObject(refused(/another stream.*snapshot/))
  expect(refusal(tokenOfPlace(placeOf([1n, 1n, 1n])))).toMatchObject(refused(/another stream/))
  expect(refusal(tokenOfPlace(placeOf([4n])))).toBeUndefined()
})

test('any other text as a token is refused', () => {
  const here = placeOf([500n, 500n])
  const whole = tokenOfPlace(placeOf([300n, 200n]), 1_700_000_000_000)
  const altered = fc
    .tuple(fc.nat({ max: whole.length - 4 }), fc.constantFrom(...'AZaz09-_'))
    .map(([at, character]) => whole.slice(0, 3 + at) + character + whole.slice(4 + at))
  const cut = fc.nat({ max: whole.length - 4 }).map((length) => whole.slice(0, 3 + length))
  const longer = fc.string({ minLength: 1 }).map((more) => whole + more)
  const noise = fc.string({ maxLength: 10_000 }).map((text) => `r1-${text}`)
  fc.assert(
    fc.property(fc.oneof(altered, cut, longer, noise), (token) => {
      fc.pre(token !== whole)
      expect(() => readToken(token, 'from', here)).toThrow(/^from "r1-.*cut or changed; send the last "resume"/s)
    }),
  )
})
