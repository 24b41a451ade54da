import { z } from 'zod'
import type { PlatformHealth } from '../../../lib/src/base/index.ts'
import { moment } from '../api/schemas.ts'
import { isoMillis } from '../api/wire.ts'
import { version } from '../version.ts'

const status = z.enum(['up', 'degraded', 'down'])

const part = z
  .object({
    name: z.string(),
    status,
    since: moment('since when it is as it is'),
    summary: z.string().optional().describe('how it is, and why; left out without the token'),
    action: z.string().optional().describe('what is being done about it, or can be; left out without the token'),
  })
  .describe('One part of the platform')

export const healthSchema = z
  .object({
    status: status.describe('down when the store or the stream is, degraded when anything else is unwell'),
    version: z.string().describe('of QiCore'),
    parts: z.array(part),
  })
  .describe('How the platform is')

/** Reasons may hold addresses and names of the inside: they are for those who know the token. */
export const healthWire = (health: PlatformHealth, authorized: boolean): z.input<typeof healthSchema> => ({
  status: health.status,
  version,
  parts: health.parts.map(({ name, status, since, summary, action }) => ({
    name,
    status,
    since: isoMillis(since),
    ...(authorized && { summary, ...(action !== undefined && { action }) }),
  })),
})
