import { z } from 'zod'
import type { PlatformHealth } from '../../../lib/src/base/types/index.ts'
import { version } from '../../version.ts'
import { moment } from '../api/schemas.ts'
import { isoMillis } from '../api/wire.ts'
import { named } from '../openapi/named.ts'

const status = z.enum(['up', 'degraded', 'down'])

const part = named(
  'HealthPart',
  z
    .object({
      name: z.string(),
      status,
      since: moment('start of this status'),
      summary: z.string().optional().describe('reason of the status; absent without the token'),
      action: z.string().optional().describe('next step, of the platform or the user; absent without the token'),
    })
    .describe('One part of the platform'),
)

export const healthSchema = named(
  'Health',
  z
    .object({
      status: status.describe('down if the store or the stream is down; degraded if any part is not up'),
      version: z.string().describe('version of QiCore'),
      parts: z.array(part),
    })
    .describe('Health of the platform'),
)

/** Without authorization reasons are left out, because they may contain addresses and internal names. */
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
