import { z } from 'zod'
import { QiError } from '../../types/index.ts'
import { evidenceOf, figuresWithin, type ToolCall } from './figures/evidence.ts'
import { exact, exactText, powerOfTen } from './figures/exact.ts'

export const CALCULATE = 'calculate'

const OPERATIONS = ['difference', 'percent_change', 'ratio', 'sum', 'mean', 'product', 'min', 'max'] as const
/** Operations on exactly two values, whose order matters. */
const OF_TWO: readonly string[] = ['difference', 'percent_change', 'ratio']

export const calculation = z.strictObject({
  operation: z
    .enum(OPERATIONS)
    .describe('difference: second less first; percent_change: from first to second; ratio: first / second'),
  values: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .max(500)
    .describe('figures, each exactly as it stands in an earlier answer or in the question'),
})

export const CALCULATE_SUMMARY =
  'Derives a figure (a change, a difference, a sum, a mean) from figures of earlier answers. State no derived figure that did not come from here.'

export interface Calculated {
  readonly operation: string
  readonly values: readonly string[]
  readonly result: string | number
  /** The calls whose answers hold the inputs. */
  readonly sources: readonly number[]
}

/**
 * Calculates with known figures. Sums, differences and products are exact; quotients are float64.
 * @throws QiError BAD_REQUEST naming the value that is in no answer
 */
export function calculate(
  given: unknown,
  { calls, question }: { readonly calls: readonly ToolCall[]; readonly question: string },
): Calculated {
  const parsed = calculation.safeParse(given)
  if (!parsed.success) throw new QiError('BAD_REQUEST', `${CALCULATE}: ${z.prettifyError(parsed.error)}`)
  const { operation, values } = parsed.data
  const texts = values.map(String)
  if (OF_TWO.includes(operation) && texts.length !== 2)
    throw new QiError('BAD_REQUEST', `${CALCULATE}: values: ${operation} takes two, not ${texts.length}`)
  const evidence = calls.map(evidenceOf)
  const asked = figuresWithin(question)
  const sources = new Set<number>()
  const numbers = texts.map((text) => {
    const value = exact(text)
    const source = value === undefined ? -1 : evidence.findIndex(({ figures }) => figures.includes(value))
    if (value === undefined || (source < 0 && !asked.includes(value)))
      throw new QiError(
        'BAD_REQUEST',
        `${CALCULATE}: values: "${text.slice(0, 60)}" is in no earlier answer; pass figures exactly as they stand there, or call the tool that gives it first`,
      )
    if (source >= 0) sources.add(source)
    return value
  })
  return { operation, values: texts, result: resultOf(operation, numbers), sources: [...sources] }
}

function resultOf(operation: (typeof OPERATIONS)[number], numbers: readonly bigint[]): string | number {
  const [first = 0n, second = 0n] = numbers
  const sum = numbers.reduce((a, b) => a + b, 0n)
  switch (operation) {
    case 'difference':
      return exactText(second - first)
    case 'sum':
      return exactText(sum)
    case 'product':
      return exactText(numbers.reduce((a, b) => (a * b) / powerOfTen(0), powerOfTen(0)))
    case 'min':
      return exactText(numbers.reduce((a, b) => (b < a ? b : a)))
    case 'max':
      return exactText(numbers.reduce((a, b) => (b > a ? b : a)))
    case 'mean':
      return float(sum) / numbers.length
    case 'ratio':
      return float(first) / divisor(second)
    case 'percent_change':
      return (float(second - first) / divisor(first)) * 100
  }
}

const float = (value: bigint): number => Number(exactText(value))

function divisor(value: bigint): number {
  if (value === 0n) throw new QiError('BAD_REQUEST', `${CALCULATE}: values: nothing can be divided by 0`)
  return float(value)
}
