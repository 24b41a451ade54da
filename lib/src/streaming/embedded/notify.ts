import type { ClientBase } from 'pg'
import type { Appended } from './appended.ts'

/** What the clients of a log tell one another; a lost one only delays, since everything is looked up again now and then. */
export type Notice =
  /** Messages were appended to these topics, by serial id. */
  | {
      readonly kind: 'data'
      readonly topics: readonly number[]
      /** By which client, where its own readers know already. */
      readonly from?: string
      /** The messages, by serial id of the partition; only within a client. */
      readonly appended?: ReadonlyMap<number, Appended>
    }
  /** A member of the group joined, left, or gave up a partition. */
  | { readonly kind: 'group'; readonly group: number }
  /** Topics were created or deleted. */
  | { readonly kind: 'topics' }

export const CHANNEL = 'qicore_stream'

/** Tells all clients; inside a transaction when it commits. */
export async function announce(client: Pick<ClientBase, 'query'>, notice: Notice): Promise<void> {
  await client.query({ name: 'qicore_stream_notify', text: 'select pg_notify($1, $2)', values: [CHANNEL, encodeNotice(notice)] })
}

export function encodeNotice(notice: Notice): string {
  if (notice.kind === 'data') return `d${notice.topics.join(',')}${notice.from ? `@${notice.from}` : ''}`
  return notice.kind === 'group' ? `g${notice.group}` : 't'
}

/** Undefined for what a newer version may send. */
export function decodeNotice(payload: string): Notice | undefined {
  const rest = payload.slice(1)
  if (payload.startsWith('d')) {
    const [topics = '', from] = rest.split('@')
    return { kind: 'data', topics: topics.split(',').map(Number), ...(from && { from }) }
  }
  if (payload.startsWith('g')) return { kind: 'group', group: Number(rest) }
  return payload === 't' ? { kind: 'topics' } : undefined
}
