import type { LogLine } from '../../../base/types/index.ts'

/** The longest line that is shown whole. */
const LONGEST = 300

export const clipped = (line: string): string => (line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line)

/** About how many tokens a line costs at most: letters of words share one, any other byte may be one of its own. */
export const costOf = ({ line }: Pick<LogLine, 'line'>): number => {
  const letters = line.match(/[a-zA-Z ]/g)?.length ?? 0
  return letters / 3 + Buffer.byteLength(line) - letters
}

/** Of lines, oldest first, the newest that a budget suffices for; at least one. */
export function newestWithin<T extends Pick<LogLine, 'line'>>(lines: readonly T[], budget: number): readonly T[] {
  let left = budget
  let from = lines.length
  while (from > 0 && left >= 0) {
    left -= costOf(lines[from - 1] as T)
    if (left >= 0) from--
  }
  return lines.slice(Math.min(from, lines.length - 1))
}
