import { historyKinds } from '../../../lib/src/base/database/index.ts'
import { channels } from './channels.ts'
import type { ServerMessage } from './messages.ts'

export interface GoneRange {
  readonly partition: number
  /** The first offset that is gone; undefined if a time was asked for. */
  readonly from?: bigint
  /** The earliest offset that is kept. */
  readonly to: bigint
}

/**
 * The message about records that the stream does not keep any more.
 * @param since when the last record before them was appended, or the time asked for, in milliseconds since 1970; 0: unknown
 */
export function goneMessage(channel: string, partitions: readonly GoneRange[], since: number): ServerMessage {
  const known = since > 0 ? new Date(since).toISOString() : undefined
  const history = historyOf(channel, known)
  const remedy = history === undefined ? 'there is no history of them' : `the store may have them: GET ${history}`
  return {
    type: 'gone',
    channel,
    partitions: partitions.map(({ partition, from, to }) => ({
      partition,
      ...(from !== undefined && { from: Number(from) }),
      to: Number(to),
    })),
    ...(known !== undefined && { since: known }),
    ...(history !== undefined && { history }),
    message: `the stream does not keep these records of ${channel} any more; ${remedy}. Next comes the oldest record that is kept`,
  }
}

/** The address of the stored records of a channel since a time. */
function historyOf(channel: string, since: string | undefined): string | undefined {
  const type = channels.get(channel)
  const kind = [...historyKinds.values()].find((one) => one.type.topic === type?.topic)
  return kind && `/api/v1/${kind.name}?limit=all${since === undefined ? '' : `&from=${since}`}`
}
