import type { Store } from '../../../lib/src/base/database/index.ts'
import { type CheckResult, type Sink, silentLogger, toQiError } from '../../../lib/src/base/types/index.ts'
import { sinkDefinitions } from '../../../lib/src/consumers/index.ts'
import { STORE } from '../../../lib/src/streaming/index.ts'
import { type Destination, destinationsOf, type PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, found } from './finding.ts'

/** Every destination except the store, which has a check of its own. @throws QiError CONFIG_INVALID */
export const otherDestinations = (config: PlatformConfig): readonly Destination[] =>
  [...destinationsOf(config, sinkDefinitions).values()].filter(({ name }) => name !== STORE)

/** Opens a destination as a delivery does, and checks it. */
export async function checkDestination(
  one: Destination,
  config: PlatformConfig,
  store: Store,
  signal: AbortSignal,
): Promise<Finding[]> {
  const asked = async (): Promise<CheckResult> => {
    await using sink = await opened(one, config, store, signal)
    const result = await sink.check()
    return { ...result, details: { ...result.details, guarantee: sink.guarantee } }
  }
  return [found(`destination ${one.name}`, await advised(one.name, asked))]
}

/** Adds a remedy if a destination cannot be reached; any other failure has one of its own. @throws QiError */
async function advised(name: string, ask: () => Promise<CheckResult>): Promise<CheckResult> {
  const remedy = `check that the address in destinations.${name} is right and that the server there runs`
  try {
    const result = await ask()
    return result.ok || result.remedy !== undefined || !result.error?.retryable ? result : { ...result, remedy }
  } catch (thrown) {
    const error = toQiError(thrown)
    if (!error.retryable) throw error
    return { ok: false, summary: error.message, error, remedy }
  }
}

/** Opens a destination as a delivery does, and sends a test message; a type without one is checked. */
export async function testDestination(
  one: Destination,
  config: PlatformConfig,
  store: Store,
  signal: AbortSignal,
): Promise<Finding> {
  await using sink = await opened(one, config, store, signal)
  const name = `destination ${one.name}`
  if (sink.test) return found(name, await sink.test(signal))
  const checked = await sink.check()
  return found(name, { ...checked, summary: `${checked.summary} (checked only: type ${one.type.name} has no test message)` })
}

/** Opens a destination as a delivery does. @throws QiError */
export const opened = (
  { name, type, settings }: Destination,
  { home }: PlatformConfig,
  store: Store,
  signal: AbortSignal,
): Promise<Sink> => type.open(settings, { name, pipeline: name, logger: silentLogger, signal, home, store })
