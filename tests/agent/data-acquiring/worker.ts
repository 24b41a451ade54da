// A process with the agent: `{"windowMs", "slackMs", "limit"}`, the limit that stands in for that of the plan, whose window is a minute.
import { type PlatformControl, type RateLimits, silentLogger } from '../../../lib/src/base/types/index.ts'
import { dataAcquiring } from '../../../lib/src/publishers/agents/data-acquiring/index.ts'
import { AgentHost, CryptoDataPlatform, loadConfig } from '../../../lib/src/streaming/platform/index.ts'

const limits = JSON.parse(process.argv[2] as string) as Pick<RateLimits, 'limit' | 'windowMs' | 'slackMs'>
const stop = Promise.withResolvers<void>()
process.once('SIGTERM', () => stop.resolve())
process.once('disconnect', () => process.exit(1))

const { config } = loadConfig()
const platform = new CryptoDataPlatform({ config: { ...config, agents: { ...config.agents, run: [] } } })
await platform.start()

/** The platform's own, whose sources have that limit. */
const control = new Proxy<PlatformControl>(platform, {
  get(target, name: keyof PlatformControl) {
    if (name !== 'sourceParts') return (target[name] as (...given: unknown[]) => unknown).bind(target)
    return (source: string) => {
      const { settings, context } = target.sourceParts(source)
      const { rateLimit } = context
      return {
        settings,
        context: {
          ...context,
          ...(rateLimit && { rateLimit: (key: string, of: RateLimits) => rateLimit(key, { ...of, ...limits }) }),
        },
      }
    }
  },
})
const host = await AgentHost.open({
  settings: config.agents,
  handles: { ...platform.toolHandles, platform: control },
  servers: undefined,
  logger: silentLogger,
  definitions: { 'data-acquiring': dataAcquiring },
})
const look = setInterval(async () => {
  process.send?.(await host.health().catch(() => []))
}, 500)
await stop.promise
clearInterval(look)
await host.close()
await platform.stop()
process.disconnect?.()
