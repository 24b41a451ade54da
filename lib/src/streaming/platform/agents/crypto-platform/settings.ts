import { z } from 'zod'

const seconds = z.int().min(0).max(86_400)

export const cryptoPlatformSettings = z.object({
  cron: z.string().default('*/30 * * * * *').describe('when it looks, in UTC; six fields begin with seconds'),
  restart_after_seconds: seconds
    .default(60)
    .describe('how long a part is left to mend itself before it is started again; each further time twice as long'),
  restarts: z.int().min(0).max(100).default(3).describe('how often a part is started again in one incident'),
  max_members: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('most readers of one consumer in this process; never more than partitions'),
  scale_up_lag: z.int().min(1).default(20_000).describe('records that may wait for each reader before another joins'),
  scale_up_after_seconds: seconds.default(30).describe('for how long they must have waited'),
  scale_down_lag: z.int().min(0).default(1000).describe('with no more records waiting than this, a reader leaves again'),
  scale_down_after_seconds: seconds.default(300).describe('for how long it must have been so'),
})
export type CryptoPlatformSettings = z.output<typeof cryptoPlatformSettings>
