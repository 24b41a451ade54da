import { z } from 'zod'
import { REMOVALS, SERVICE_NAMES } from '../../../base/types/index.ts'

/** Shared inputs and outputs of the Docker tools. */

export const DOCKER_TOOLS = 'DockerTools'

export const services = z
  .array(z.enum(SERVICE_NAMES, { error: `there is ${SERVICE_NAMES.join(', ')}` }))
  .min(1)
  .max(SERVICE_NAMES.length)
  .optional()
  .describe('the services; all five when left out')

export const removal = z
  .enum(REMOVALS)
  .default('nothing')
  .describe(
    'what goes besides: nothing (they can be started again as they were), containers with their logs, or data: all that is stored',
  )

const state = z
  .enum(['absent', 'created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'])
  .describe('absent: never started, or removed')
const health = z
  .enum(['starting', 'healthy', 'unhealthy', 'none'])
  .optional()
  .describe('of what runs, by its own health check; none: it has no check')
const service = z.enum(SERVICE_NAMES)

const status = z.object({
  service,
  state,
  health,
  image: z.string().optional(),
  container: z.string().optional(),
  started_at: z.string().optional(),
  exit_code: z.int().optional().describe('of what has ended; 137: killed'),
  finished_at: z.string().optional(),
  out_of_memory: z.boolean().optional(),
  restarts: z.int().optional().describe('how often the engine started it again by itself'),
  ports: z.array(z.string()).readonly().optional().describe('on this machine → in the container'),
})

export const statuses = z.object({ items: z.array(status).readonly() })

export const healthReports = z.object({
  healthy: z.int().describe('how many are running and healthy'),
  total: z.int(),
  items: z.array(
    z.object({
      service,
      state,
      health,
      failing_streak: z.int().optional().describe('checks in a row that failed'),
      probed_at: z.string().optional(),
      exit_code: z.int().optional().describe('of the last check'),
      output: z.string().optional().describe('what the last check said, cut at 300 characters'),
    }),
  ),
})

export const stats = z.object({
  items: z.array(
    z.object({
      service,
      cpu_percent: z.number().describe('100 is one whole processor'),
      memory_bytes: z.number(),
      memory_limit_bytes: z.number(),
      network_in_bytes: z.number(),
      network_out_bytes: z.number(),
      disk_read_bytes: z.number(),
      disk_written_bytes: z.number(),
      processes: z.int(),
    }),
  ),
  not_running: z.array(service).describe('asked for, and without statistics because they do not run'),
})

export const STATUS_COLUMNS = ['service', 'state', 'health', 'exit_code', 'restarts']
