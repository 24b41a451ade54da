import type { Checked } from './check.ts'
import type { ToolCall } from './evidence.ts'

/** One query that figures of an answer came from. */
export interface Citation {
  /** The number that stands behind each of its figures in the text, in brackets. */
  readonly ref: number
  readonly tool: string
  readonly arguments: Readonly<Record<string, unknown>>
  /** As they stand in the text. */
  readonly figures: readonly string[]
  /** Of a figure that was calculated: the queries that its inputs came from. */
  readonly from?: readonly number[]
}

/** References are ours to give: those that a model has written are taken out before its figures are looked at. */
export const withoutReferences = (text: string, calls: number): string =>
  text.replace(/[ \t]?\[(\d{1,3})\](?!\()/g, (all, number: string) => (Number(number) >= 1 && Number(number) <= calls ? '' : all))

/**
 * The text with a reference behind each figure, and what they refer to.
 * @param sources of a call that calculated: the calls that its inputs came from
 */
export function cite(
  text: string,
  { cited, unfounded }: Checked,
  calls: readonly ToolCall[],
  sources: (call: number) => readonly number[],
): { readonly text: string; readonly citations: readonly Citation[] } {
  const order: number[] = []
  const refOf = (call: number): number => {
    if (!order.includes(call)) {
      order.push(call)
      for (const source of sources(call)) refOf(source)
    }
    return order.indexOf(call) + 1
  }
  const marks = [
    ...cited.map(({ written, call }) => ({ at: written.end, mark: ` [${refOf(call)}]` })),
    ...unfounded.map(({ end }) => ({ at: end, mark: ' [unfounded]' })),
  ].toSorted((a, b) => b.at - a.at)
  let marked = text
  for (const { at, mark } of marks) marked = `${marked.slice(0, at)}${mark}${marked.slice(at)}`
  const citations = order.map((call, index) => {
    const from = sources(call).map(refOf)
    return {
      ref: index + 1,
      tool: calls[call]?.tool ?? '',
      arguments: calls[call]?.arguments ?? {},
      figures: [...new Set(cited.filter((one) => one.call === call).map(({ written }) => written.text.trim()))],
      ...(from.length > 0 && { from }),
    }
  })
  return { text: marked, citations }
}
