import type { ClientBase } from 'pg'
import type { Appended } from './append/appended.ts'

/** A notice between the clients of a log. A lost notice costs time only, because readers and members also poll. */
export type Notice =
  /** Messages were appended to these topics, by serial id. */
  | {
      readonly kind: 'data'
      readonly topics: readonly number[]
      /** The announcing client, if its own readers were told directly. */
      readonly from?: string
      /** The messages by serial id of the partition; only in notices within a client. */
      readonly appended?: ReadonlyMap<number, Appended>
    }
  /** A member of the group joined, left, or released a partition. */
  | { readonly kind: 'group'; readonly group: number }
  /** Topics were created or deleted. */
  | { readonly kind: 'topics' }

export const CHANNEL = 'qicore_stream'

/** Sends a notice to all clients; within a transaction it is sent at the commit. */
export async function announce(client: Pick<ClientBase, 'query'>, notice: Notice): Promise<void> {
  await client.query({ name: 'qicore_stream_notify', text: 'select pg_notify($1, $2)', values: [CHANNEL, encodeNotice(notice)] })
}

export function encodeNotice(notice: Notice): string {
  if (notice.kind === 'data') return `d${notice.topics.join(',')}${notice.from ? `@${notice.from}` : ''}`
  return notice.kind === 'group' ? `g${notice.group}` : 't'
}

/** @returns undefined for a notice of a newer version */
export function decodeNotice(payload: string): Notice | undefined {
  const rest = payload.slice(1)
  if (payload.startsWith('d')) {
    const [topics = '', from] = rest.split('@')
    return { kind: 'data', topics: topics.split(',').map(Number), ...(from && { from }) }
  }
  if (payload.startsWith('g')) return { kind: 'group', group: Number(rest) }
  return payload === 't' ? { kind: 'topics' } : undefined
}
