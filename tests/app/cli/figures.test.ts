import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changeText, grouped, priceText, shortText, signed } from '../../../app/cli/text/figures.ts'

describe('figures for people', () => {
  it.each([
    ['1745969192521', '1.746 T'],
    ['999949', '999.9 k'],
    ['999950', '1.000 M'],
    ['-1500', '-1.500 k'],
    ['999.96', '1000'],
    ['12.5', '12.5'],
    ['12345678901234567890', '12,346 Q'],
    ['0.00005', '0.00005'],
    ['0', '0'],
  ])('%s is shortened to %s', (figure, text) => expect(shortText(figure)).toBe(text))

  it.each([
    ['87751.99', '87,751.99'],
    ['123456789012345.12345678', '123,456,789,012,345.12'],
    ['0.000000000056', '0.000000000056'],
    ['0.00001234567891', '0.000012345679'],
    ['1.00034567890', '1.0003457'],
    ['-3.5', '-3.5'],
    ['1000000', '1,000,000'],
  ])('a price of %s is %s', (figure, text) => expect(priceText(figure)).toBe(text))

  it.each([
    ['1.005', '+1.01'],
    ['-2.3456', '-2.35'],
    ['-0.001', '0.00'],
    ['0', '0.00'],
    ['10', '+10.00'],
  ])('a change of %s per cent is %s', (figure, text) => expect(changeText(figure)).toBe(text))

  it('are signed', () => {
    expect(['1.5', '-1.5', '0', '0.00'].map(signed)).toEqual(['+1.5', '-1.5', '0', '0.00'])
  })

  it('keep every digit when grouped, and are rounded only as documented', () => {
    const decimals = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.stringMatching(/^\d{0,20}$/))
    fc.assert(
      fc.property(decimals, ([whole, fraction]) => {
        const figure = fraction === '' ? String(whole) : `${whole}.${fraction}`
        expect(grouped(figure).replaceAll(',', '')).toBe(figure)
        const exact = Number(figure)
        const price = Number(priceText(figure).replaceAll(',', ''))
        expect(Math.abs(price - exact)).toBeLessThanOrEqual(Math.max(exact * 1e-7, Number.MIN_VALUE))
      }),
    )
  })
})
