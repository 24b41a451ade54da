import { describe, expect, it } from 'vitest'
import { age, duration } from '../../../app/cli/text/age.ts'
import { alignPoints } from '../../../app/cli/text/decimals.ts'
import { wrap } from '../../../app/cli/text/wrap.ts'
import { escapeHidden } from '../../../lib/src/base/types/index.ts'

describe('text for people', () => {
  it('shows durations in two units', () => {
    expect([0, 999, 3_000, 65_000, 3_600_000, 3_725_000, 90_061_000].map(duration)).toEqual([
      '0 s',
      '0 s',
      '3 s',
      '1 min 5 s',
      '1 h',
      '1 h 2 min',
      '1 d 1 h',
    ])
  })

  it('shows an age, also of a future moment', () => {
    expect(age(1_000, 4_000)).toBe('3 s')
    expect(age(65_000, 0)).toBe('1 min 5 s ahead')
  })

  it('aligns decimal points and changes no digit', () => {
    const figures = ['67123.45', '0.00000000000000000056', '1', undefined, '-2.5']
    const aligned = alignPoints(figures)
    expect(aligned.map((text) => text.trimEnd())).toEqual(figures.map((figure) => figure ?? ''))
    expect(aligned[0]).toBe('67123.45                  ')
    expect(aligned[2]).toBe(`1${' '.repeat(21)}`)
  })

  it('wraps between words, and only with a width', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three'])
    expect(wrap('incomprehensible it is', 5)).toEqual(['incomprehensible', 'it is'])
    expect(wrap('one two three', undefined)).toEqual(['one two three'])
  })

  it('lets no escape sequence of a provider reach the terminal', () => {
    expect(escapeHidden('btc\u001b[2J\nx\u202e')).toBe('btc\\u001b[2J\\u000ax\\u202e')
    expect(escapeHidden('比特币 ₿')).toBe('比特币 ₿')
  })
})
