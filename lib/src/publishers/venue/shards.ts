import type { Topic } from './types.ts'

/**
 * Splits topics over sockets: at most `most` a socket, the topics of one instrument together, filled evenly.
 * @param topics grouped by instrument
 */
export function shardsOf(topics: readonly (readonly Topic[])[], most: number): readonly (readonly Topic[])[] {
  const shards: Topic[][] = []
  let open: Topic[] = []
  for (const group of topics) {
    if (open.length > 0 && open.length + group.length > most) {
      shards.push(open)
      open = []
    }
    open.push(...group)
  }
  if (open.length > 0) shards.push(open)
  return shards
}
