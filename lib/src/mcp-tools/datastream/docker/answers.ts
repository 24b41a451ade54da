import { z } from 'zod'

/** The used parts of the engine's answers. */

export const PROJECT = 'com.docker.compose.project'
export const SERVICE = 'com.docker.compose.service'
export const ONE_OFF = 'com.docker.compose.oneoff'

export const listed = z.array(
  z.object({ Id: z.string(), Created: z.number(), Labels: z.record(z.string(), z.string()).nullish() }),
)

const probe = z.object({ End: z.string(), ExitCode: z.number(), Output: z.string() })

export const inspected = z.object({
  Id: z.string(),
  RestartCount: z.number(),
  Config: z.object({ Image: z.string() }),
  State: z.object({
    Status: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
    OOMKilled: z.boolean(),
    ExitCode: z.number(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
    Health: z
      .object({
        Status: z.enum(['none', 'starting', 'healthy', 'unhealthy']),
        FailingStreak: z.number(),
        Log: z.array(probe).nullish(),
      })
      .nullish(),
  }),
  NetworkSettings: z.object({
    Ports: z.record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable()).nullish(),
  }),
})
export type Inspected = z.output<typeof inspected>

const cpu = z.object({
  cpu_usage: z.object({ total_usage: z.number() }),
  system_cpu_usage: z.number().optional(),
  online_cpus: z.number().optional(),
})
const moved = z.object({ op: z.string(), value: z.number() })

export const statistics = z.object({
  cpu_stats: cpu,
  precpu_stats: cpu,
  memory_stats: z.object({
    usage: z.number().optional(),
    limit: z.number().optional(),
    stats: z.record(z.string(), z.number()).optional(),
  }),
  networks: z.record(z.string(), z.object({ rx_bytes: z.number(), tx_bytes: z.number() })).optional(),
  blkio_stats: z.object({ io_service_bytes_recursive: z.array(moved).nullish() }).optional(),
  pids_stats: z.object({ current: z.number().optional() }).optional(),
})
export type Statistics = z.output<typeof statistics>

export const happened = z.object({
  Action: z.string(),
  timeNano: z.number(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
})
