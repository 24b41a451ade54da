import { z } from 'zod'
import { incidentShape } from '../../../../base/agent/index.ts'
import { healthReports, removal, services, stats, statuses } from '../../docker/tools.ts'

/** Inputs and outputs of the workflows. */

export const upInput = z.object({
  services,
  wait_seconds: z.int().min(1).max(1800).default(180).describe('how long to wait until they are healthy, once they are started'),
})

export const upReport = z.object({
  healthy: z.int(),
  total: z.int(),
  services: statuses.shape.items,
  statistics: stats.shape.items,
  text: z.string(),
})
export type UpReport = z.input<typeof upReport>

export const downInput = z.object({ services, remove: removal })
export const downReport = z.object({ services: statuses.shape.items, text: z.string() })

export const logsInput = z.object({
  services,
  lines: z.int().min(1).max(100).default(10).describe('newest lines of each'),
  contains: z.string().min(1).max(200).optional().describe('only lines with this text, in upper or lower case'),
})
export const logsReport = z.object({
  items: z.array(z.object({ service: z.string(), lines: z.array(z.string()), missing: z.string().optional() })),
  text: z.string(),
})

export const watchInput = z.object({ limit: z.int().min(1).max(100).default(20).describe('most incidents, newest first') })
export const watchReport = z.object({
  watching: z.boolean().describe('whether services that die are noticed by this process now'),
  health: healthReports,
  incidents: z.array(incidentShape),
  text: z.string(),
})
