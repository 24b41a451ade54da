import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkFigures } from '../../../lib/src/base/agent/llm/figures/check.ts'
import { cite, withoutReferences } from '../../../lib/src/base/agent/llm/figures/cite.ts'

const now = Date.parse('2026-11-25T12:00:00Z')
const calls = [
  {
    tool: 'get_current_price',
    arguments: { coin: 'bitcoin' },
    result: {
      price: {
        coin_id: 'bitcoin',
        price: '68123.45',
        change_24h_pct: '-3.214',
        time: '2026-11-25T10:30:00.5Z',
        market_cap: '1354000000000',
      },
      others: [{ coin_id: '1inch', name: 'TO THE MOON 99999', price: '0.00002993', change_24h_pct: '2.5' }],
      others_count: 1,
    },
  },
  {
    tool: 'timeseries_query',
    arguments: { sql: "select 77777 as price, max(price) from crypto_prices where time > '2026-11-18T12:00:00Z'" },
    result: { columns: ['price', 'max'], rows: [['77777', '71000.5']], more: false },
  },
]
const unfounded = (text: string, question = '') =>
  checkFigures(text, { question, calls, now }).unfounded.map((written) => written.text.trim())

describe('figures of a text', () => {
  test.each([
    'Bitcoin stands at 68,123.45 usd.',
    'It is at $68,123.5, or 68.1k, or 68123.',
    'Its capitalisation is $1.35T, 1.354 trillion, 1354B.',
    'It fell 3.2 % to 68,123.',
    'It is down by 3.21% in 24 hours; the change is -3.214 %.',
    'The change was −3.2 per cent.',
    '1inch stands at 0.00002993 and 2.99e-5, up 2.5 %.',
    'As of 2026-11-25 10:30 UTC (25 November 2026, Nov 25th, 10:30 am).',
    'From 18 to 25 November the highest was 71,000.5; in the last 7 days, in a week of 2026.',
    '1. Bitcoin: 68,123.45\n2. 1inch: 0.00002993\n3. nothing else',
    'There are two of them, and it was the first.',
    'After gains it is 3.2 % lower; it is (down 3 %) at 68.1K, from 71,000.5.',
  ])('%s', (text) => {
    expect(unfounded(text)).toEqual([])
  })

  test.each<[string, string[]]>([
    ['Bitcoin stands at 68,000 usd.', ['68,000']],
    ['It is at 68,123.46, or 68.2k.', ['68,123.46', '68.2k']],
    ['It rose 3.2 %.', ['3.2 %']],
    ['It gained 3.21% since yesterday.', ['3.21%']],
    ['1inch fell by 2.5 %.', ['2.5 %']],
    ['A coin is at 99,999 usd.', ['99,999']],
    ['Somebody pays 77,777.', ['77,777']],
    ['Its capitalisation is 1.5T.', ['1.5T']],
    ['As of 2026-11-24 it was so, at 09:15.', ['2026-11-24', '09:15']],
    ['It held for 400 days.', ['400 days']],
    ['It rose by five per cent, to seventy thousand dollars.', ['five per cent', 'seventy thousand']],
    ['It is at ７００００, or ½ of it.', ['７００００', '½']],
    ['95. That is its price.', ['95']],
    ['The price is 70000USDT.', ['70000USDT']],
    ['See [1] and [9].', ['9']],
    ['It is 0.1M, or 0 usd, or 0x10A.', ['0.1M', '0', '0x10A']],
    ['It is 70 000, 68.123,45, 1,2345 or +3.2 %.', ['70', '000', '68.123', '45', '2345', '+3.2 %']],
  ])('%s', (text, figures) => {
    expect(unfounded(withoutReferences(text, calls.length))).toEqual(figures)
  })

  test('may be those of the question', () => {
    expect(unfounded('Of your 2.5 coins, none reached 80,000.', 'are 2.5 coins worth 80k?')).toEqual([])
  })

  test('are cited by the call that comes nearest', () => {
    const text = 'Bitcoin is at 68,123.45, its highest was 71,000.5.'
    const { text: marked, citations } = cite(text, checkFigures(text, { calls, now }), calls, () => [])
    expect(marked).toBe('Bitcoin is at 68,123.45 [1], its highest was 71,000.5 [2].')
    expect(citations).toMatchObject([
      { ref: 1, tool: 'get_current_price', figures: ['68,123.45'] },
      { ref: 2, tool: 'timeseries_query', figures: ['71,000.5'] },
    ])
  })

  test('pass at every precision that they are rounded to, and fail one unit of it away', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 10_000_000n, max: 10n ** 18n }), fc.integer({ min: 0, max: 6 }), (digits, decimals) => {
        const exact = `${digits / 1_000_000n}.${String(digits % 1_000_000n).padStart(6, '0')}`
        const unit = 10n ** BigInt(6 - decimals)
        const written = (units: bigint) => {
          const text = (units * unit).toString().padStart(7, '0')
          const whole = text.slice(0, -6).replace(/\B(?=(\d{3})+$)/g, ',')
          return decimals === 0 ? whole : `${whole}.${text.slice(-6).slice(0, decimals)}`
        }
        const rounded = (digits + unit / 2n) / unit
        const known = [{ tool: 'one', arguments: {}, result: { price: exact } }]
        const isFounded = (figure: string) => checkFigures(`It is ${figure} usd.`, { calls: known, now }).unfounded.length === 0
        expect(isFounded(written(rounded))).toBe(true)
        expect(isFounded(written(rounded + 1n))).toBe(false)
        expect(isFounded(written(rounded - 2n))).toBe(false)
      }),
    )
  })
})
