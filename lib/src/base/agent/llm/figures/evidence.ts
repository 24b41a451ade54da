import { exact } from './exact.ts'
import { writtenFigures } from './written.ts'

/** One call of a tool whose result the model has seen. */
export interface ToolCall {
  readonly tool: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly result: unknown
}

/** The contents of a call's result that a text may state. */
export interface Evidence {
  /** Times 10^60. */
  readonly figures: readonly bigint[]
  /** ISO 8601 times. */
  readonly times: readonly string[]
  /** Texts and names of fields in lower case, to look up words that contain digits. */
  readonly texts: readonly string[]
}

const TIME = /^\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]00:?00)?)?$/
const TIMES_WITHIN = /\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?/g
/** Fields with sentences of our own, such as a health summary: figures in them count. Names and other texts do not count. */
const SENTENCES = new Set(['summary', 'why', 'action'])

/** The evidence of a call. Figures are values that are nothing but a number, without those that the call's own SQL spells out. */
export function evidenceOf({ arguments: given, result }: ToolCall): Evidence {
  const evidence = collect(result)
  const spelledOut = new Set(
    Object.values(given).flatMap((value) => (typeof value === 'string' && /\s/.test(value) ? figuresWithin(value) : [])),
  )
  return { ...evidence, figures: evidence.figures.filter((figure) => !spelledOut.has(figure)) }
}

/** The times in a call's arguments: a text may state the ranges that were asked for. */
export const timesAskedFor = ({ arguments: given }: ToolCall): string[] =>
  (JSON.stringify(given).match(TIMES_WITHIN) ?? []).map((time) => time.replace(' ', 'T'))

function collect(value: unknown): Evidence {
  const figures: bigint[] = []
  const times: string[] = []
  const texts: string[] = []
  const visit = (at: unknown, key: string): void => {
    if (typeof at === 'number' || typeof at === 'string') {
      const text = String(at)
      const figure = exact(text)
      if (figure !== undefined) figures.push(figure)
      else if (TIME.test(text)) times.push(text.replace(' ', 'T'))
      else if (SENTENCES.has(key)) figures.push(...figuresWithin(text))
      texts.push(text.toLowerCase())
    } else if (at !== null && typeof at === 'object')
      for (const [name, below] of Object.entries(at)) {
        if (!Array.isArray(at)) texts.push(name.toLowerCase())
        visit(below, Array.isArray(at) ? key : name)
      }
  }
  visit(value, '')
  return { figures, times, texts }
}

export const figuresWithin = (text: string): bigint[] =>
  writtenFigures(text).flatMap((written) => (written.kind === 'number' ? [written.value] : []))
