import { z } from 'zod'

const seconds = z.int().min(0).max(86_400)

export const cryptoPlatformSettings = z.object({
  cron: z
    .string()
    .default('*/30 * * * * *')
    .describe('when the agent checks the platform, in UTC; six fields begin with seconds'),
  restart_after_seconds: seconds
    .default(60)
    .describe('how long a part may be degraded or down before it is restarted; doubles with each restart'),
  restarts: z.int().min(0).max(100).default(3).describe('most restarts of a part in one incident'),
  max_members: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('most members of one consumer in this process; never more than partitions'),
  scale_up_lag: z.int().min(1).default(20_000).describe('lag for each member, in records, above which another joins'),
  scale_up_after_seconds: seconds.default(30).describe('how long the lag must last before that'),
  scale_down_lag: z.int().min(0).default(1000).describe('lag in records below which a member leaves again'),
  scale_down_after_seconds: seconds.default(300).describe('how long that must last'),
})
export type CryptoPlatformSettings = z.output<typeof cryptoPlatformSettings>
