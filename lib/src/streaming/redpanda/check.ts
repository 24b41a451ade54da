import type { Admin } from '@platformatic/kafka'
import { type CheckResult, toQiError } from '../../base/index.ts'
import type { ConnectionSettings } from './connection.ts'
import { kafkaError } from './errors.ts'

/** Asks the cluster for its brokers and the versions it speaks. Never throws. */
export async function checkCluster(admin: Admin, { address }: ConnectionSettings): Promise<CheckResult> {
  const started = performance.now()
  try {
    const { brokers, id } = await admin.metadata({ topics: [], forceUpdate: true, retries: 0 })
    const roundTripMs = Math.round((performance.now() - started) * 10) / 10
    const apis = await admin.listApis()
    const plural = brokers.size === 1 ? 'broker' : 'brokers'
    return {
      ok: true,
      summary: `Kafka at ${address} answers: ${brokers.size} ${plural}, ${roundTripMs} ms`,
      details: { brokers: brokers.size, cluster: id ?? '', round_trip_ms: roundTripMs, apis: apis.length },
    }
  } catch (failure) {
    const error = toQiError(kafkaError(failure, 'reach the cluster', address))
    const [summary = error.message, remedy] = error.message.split('; ')
    return { ok: false, summary, error, ...(remedy && { remedy }) }
  }
}
