import { bears } from './dates.ts'
import { directionAfter, directionBefore } from './direction.ts'
import { spans } from './durations.ts'
import { type Evidence, evidenceOf, type ToolCall, timesAskedFor } from './evidence.ts'
import { exact, magnitude, powerOfTen } from './exact.ts'
import { type Written, writtenFigures } from './written.ts'

export interface Checked {
  /** Each number found in a call's result, and the index of that call. */
  readonly cited: readonly { readonly written: Written; readonly call: number }[]
  /** Figures found in no result. */
  readonly unfounded: readonly Written[]
}

export interface CheckOptions {
  readonly question?: string
  readonly calls: readonly ToolCall[]
  /** Milliseconds since 1970. */
  readonly now: number
}

type WrittenNumber = Extract<Written, { kind: 'number' }>

/**
 * Looks up every figure of a text in the results that its writer has seen. A number is found if it equals one at its written precision
 * (68.1k is 68,123.45; 68,000 is not). A date or time of day is found if a time has it; a duration also if it is the distance between
 * times. Numbers of the question are allowed.
 */
export function checkFigures(text: string, { question = '', calls, now }: CheckOptions): Checked {
  const evidence = calls.map(evidenceOf)
  const asked = calls.flatMap(timesAskedFor)
  const fromQuestion = writtenFigures(question)
  const times = [...evidence.flatMap((one) => one.times), ...asked, new Date(now).toISOString()]
  const askedParts = fromQuestion.flatMap((one) => (one.kind === 'date' ? one.parts : []))
  const words = [question.toLowerCase(), ...calls.map(({ tool }) => tool), ...evidence.flatMap(({ texts }) => texts)]
  const cited: { written: Written; call: number }[] = []
  const unfounded: Written[] = []

  const judge = (written: Written): void => {
    if (written.kind === 'spelled') return void (isIn(words, written.text) || unfounded.push(written))
    if (written.kind === 'date') {
      const known = written.parts.every((part) => askedParts.includes(part) || times.some((time) => bears(time, part)))
      return void (known || unfounded.push(written))
    }
    // A name such as 0x10f2c is no 0.
    const named = /\d\p{L}+\d/u.test(written.word ?? '')
    const call = named ? undefined : callWith(written, text, evidence)
    if (call !== undefined) return void cited.push({ written, call })
    const allowed =
      fromQuestion.some((one) => one.kind === 'number' && one.value === written.value) ||
      isYear(written, times) ||
      (written.word !== undefined && isIn(words, written.word)) ||
      (written.duration !== undefined && isDuration(written, written.duration))
    if (!allowed) unfounded.push(written)
  }

  const isDuration = (written: WrittenNumber, unit: NonNullable<WrittenNumber['duration']>): boolean => {
    const count = Number(written.value / powerOfTen(0))
    const short = new RegExp(`(?<!\\d)${count}\\s?_?(?:${unit}|${unit[0]}(?![a-z]))`)
    const named = evidence.some(({ texts }) => texts.some((one) => short.test(one)))
    return named || calls.some((call) => hasArgument(call, written.value)) || spans(count, unit, evidence, asked, now)
  }

  for (const written of writtenFigures(text)) judge(written)
  return { cited, unfounded }
}

const isIn = (texts: readonly string[], word: string): boolean => texts.some((text) => text.includes(word.toLowerCase()))

/** The call whose result holds the figure: the nearest one, then the first. */
function callWith(written: WrittenNumber, text: string, evidence: readonly Evidence[]): number | undefined {
  let best: { readonly call: number; readonly distance: bigint } | undefined
  for (const [call, { figures }] of evidence.entries())
    for (const figure of figures) {
      const distance = distanceOf(written, figure, text)
      if (distance !== undefined && (!best || distance < best.distance)) best = { call, distance }
    }
  return best?.call
}

/** The distance of the two if `written` is `figure` rounded to its last digit, else undefined. */
function distanceOf(written: WrittenNumber, figure: bigint, text: string): bigint | undefined {
  const same = difference(written, written.value, figure)
  if (written.signed || figure === 0n) return same
  const direction = directionAfter(text, written.end) ?? directionBefore(text, written.start)
  // It fell by 3.2 %: the sign stands in words, and must not contradict the figure.
  if (figure < 0n) return direction === 'down' ? difference(written, -written.value, figure) : undefined
  return written.percent && direction === 'down' && mayBeChange(text, written) ? undefined : same
}

/** True for wordings of a change such as `lost 3.2 %`, as against a share of something. */
const mayBeChange = (text: string, { start }: WrittenNumber): boolean =>
  /\b(?:fell|dropped|declined|decreased|lost|down|slid|slipped|sank|plunged|tumbled)(?:\s+(?:by|about|around|roughly|nearly|some|over|almost|just))*\s+$/i.test(
    text.slice(0, start),
  )

/** A rounding may lose at most a tenth: 0.1M is not 68,123. Percentages are often rounded to whole ones. */
function difference({ last, percent }: WrittenNumber, value: bigint, figure: bigint): bigint | undefined {
  const apart = magnitude(figure - value)
  const rounded = 2n * apart <= powerOfTen(last) && (percent || 10n * apart <= magnitude(figure))
  return rounded ? apart : undefined
}

const isYear = ({ text, kind, ...written }: WrittenNumber, times: readonly string[]): boolean =>
  /^\d{4}$/.test(text) && written.last === 0 && times.some((time) => time.startsWith(text))

const hasArgument = ({ arguments: given }: ToolCall, value: bigint): boolean =>
  Object.values(given).some((one) => (typeof one === 'number' || typeof one === 'string') && exact(String(one)) === value)
