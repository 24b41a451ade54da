import type { Checked } from './check.ts'
import type { ToolCall } from './evidence.ts'

/** One call that figures of an answer came from. */
export interface Citation {
  /** The number in brackets after each of its figures in the text. */
  readonly ref: number
  readonly tool: string
  readonly arguments: Readonly<Record<string, unknown>>
  /** As written in the text. */
  readonly figures: readonly string[]
  /** For calculated figures: the citations of their inputs. */
  readonly from?: readonly number[]
}

/** Removes references that the model wrote, before its figures are checked: we add our own. */
export const withoutReferences = (text: string, calls: number): string =>
  text.replace(/[ \t]?\[(\d{1,3})\](?!\()/g, (all, number: string) => (Number(number) >= 1 && Number(number) <= calls ? '' : all))

/**
 * Adds a reference after each figure, and lists the citations.
 * @param sources for a calculation, the calls that its inputs came from
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
