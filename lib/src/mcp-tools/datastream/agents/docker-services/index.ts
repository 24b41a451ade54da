import { z } from 'zod'
import { defineAgent } from '../../../../base/agent/index.ts'
import { DockerServiceAgent } from './DockerServiceAgent.ts'

export const dockerServices = defineAgent({
  name: 'docker-services',
  summary: 'Starts, stops, checks and reads the platform’s services in Docker, and starts again what dies',
  config: z.object({
    keep: z.boolean().default(true).describe('whether services that die are started again while it runs'),
    first_wait_ms: z
      .int()
      .min(0)
      .max(60_000)
      .default(1000)
      .describe('how long it waits before a service that died is started; the wait doubles with each attempt, up to a minute'),
    attempts: z.int().min(1).max(100).default(6).describe('how often it starts a service that died before it gives up'),
    wait_seconds: z.int().min(1).max(1800).default(180).describe('how long a service may take to be healthy'),
  }),
  create: (settings, parts) => new DockerServiceAgent(parts, settings),
})
