import { z } from 'zod'

const DAY = 24 * 60 * 60 * 1000
const MIB = 1024 * 1024

/** Settings of the embedded log, under `embedded_stream` in qicore.yaml. */
export const embeddedStreamConfig = z.strictObject({
  retention_ms: z
    .int()
    .min(0)
    .default(DAY)
    .meta({ description: 'how long messages are kept that every group has read, in milliseconds' }),
  unread_retention_ms: z.int().min(0).optional().meta({
    description:
      'longest time that messages are kept which no group reads, in milliseconds, and a bound of the age of every lag beside max_lag, also that of the store: a dead letter names what a group missed by it; for ever unless set',
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
    .meta({ description: 'how long an append waits for another producer of its partition, in milliseconds' }),
  revoke_grace_ms: z
    .int()
    .min(0)
    .default(10_000)
    .meta({ description: 'how long a member may finish a batch of a partition that moves to another member, in milliseconds' }),
  connections: z
    .int()
    .min(2)
    .max(100)
    .default(6)
    .meta({ description: 'most pooled connections; each subscription has one more of its own' }),
})

export type EmbeddedStreamConfig = z.output<typeof embeddedStreamConfig>
