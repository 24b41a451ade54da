import { z } from 'zod'

const DAY = 24 * 60 * 60 * 1000
const MIB = 1024 * 1024

/** Settings of the embedded log, under `embedded_stream` in qicore.yaml. */
export const embeddedStreamConfig = z.strictObject({
  retention_ms: z
    .int()
    .min(0)
    .default(DAY)
    .meta({ description: 'how long messages that every group has read are kept, in milliseconds' }),
  unread_retention_ms: z.int().min(0).optional().meta({
    description:
      'how long messages that no group reads are kept, in milliseconds; it also bounds the age of every lag, like max_lag, that of the store included: a dead letter names what a group skipped; unset means for ever',
  }),
  max_message_bytes: z
    .int()
    .min(1)
    .max(64 * MIB)
    .default(MIB)
    .meta({ description: 'largest message in bytes: key, value and headers; a larger one is refused' }),
  lock_timeout_ms: z
    .int()
    .min(1)
    .default(10_000)
    .meta({ description: 'how long an append waits while another producer holds its partition, in milliseconds' }),
  revoke_grace_ms: z.int().min(0).default(10_000).meta({
    description: 'how long a member may take to finish a batch of a partition that moves to another member, in milliseconds',
  }),
  connections: z
    .int()
    .min(2)
    .max(100)
    .default(6)
    .meta({ description: 'maximum of pooled connections; each subscription opens one more of its own' }),
})

export type EmbeddedStreamConfig = z.output<typeof embeddedStreamConfig>
