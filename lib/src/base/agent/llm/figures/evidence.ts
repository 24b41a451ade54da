import { exact } from './exact.ts'
import { writtenFigures } from './written.ts'

/** One call of a tool whose answer the model has seen. */
export interface ToolCall {
  readonly tool: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly result: unknown
}

/** What a call's answer holds that a text may state. */
export interface Evidence {
  /** Times 10^60. */
  readonly figures: readonly bigint[]
  /** Times of the ISO form. */
  readonly times: readonly string[]
  /** Texts and the names of fields, in lower case: what words with digits in them are looked up in. */
  readonly texts: readonly string[]
}

const TIME = /^\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]00:?00)?)?$/
const TIMES_WITHIN = /\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?/g
/** Sentences of our own, such as the summary of a part's health. A name comes from elsewhere: what is written in one is no figure. */
const SENTENCES = new Set(['summary', 'why', 'action'])

/** What is known from a call. Figures are values that are nothing but a number; those which its own SQL spells out are none. */
export function evidenceOf({ arguments: given, result }: ToolCall): Evidence {
  const evidence = collect(result)
  const spelledOut = new Set(
    Object.values(given).flatMap((value) => (typeof value === 'string' && /\s/.test(value) ? figuresWithin(value) : [])),
  )
  return { ...evidence, figures: evidence.figures.filter((figure) => !spelledOut.has(figure)) }
}

/** The ranges that a call asked for may be told too. */
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
