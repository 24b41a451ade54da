import type { Channel, Topic } from './types.ts'

/** Topics of one connection. */
export interface Shard {
  /** Path behind the address of the sockets. */
  readonly endpoint: string
  readonly topics: readonly Topic[]
}

/**
 * Splits topics over sockets: at most `most` a socket, the topics of one instrument and endpoint together, filled evenly.
 * @param topics grouped by instrument
 */
export function shardsOf(
  topics: readonly (readonly Topic[])[],
  most: number,
  endpointOf: (channel: Channel) => string = () => '',
): readonly Shard[] {
  const endpoints = new Set(topics.flat().map(({ channel }) => endpointOf(channel)))
  return [...endpoints].flatMap((endpoint) => {
    const groups = topics.map((group) => group.filter(({ channel }) => endpointOf(channel) === endpoint))
    return filled(groups, most).map((some) => ({ endpoint, topics: some }))
  })
}

function filled(groups: readonly (readonly Topic[])[], most: number): readonly (readonly Topic[])[] {
  const shards: Topic[][] = []
  let open: Topic[] = []
  for (const group of groups) {
    if (open.length > 0 && open.length + group.length > most) {
      shards.push(open)
      open = []
    }
    open.push(...group)
  }
  if (open.length > 0) shards.push(open)
  return shards
}
