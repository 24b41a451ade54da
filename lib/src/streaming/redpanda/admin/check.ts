import type { Admin } from '@platformatic/kafka'
import { type CheckResult, countOf, QiError, toQiError } from '../../../base/types/index.ts'
import type { ConnectionSettings } from '../connection.ts'
import { kafkaError } from '../errors.ts'

/** Asks the cluster for its brokers and protocol versions, within `connect_timeout_ms` + `request_timeout_ms`. Never throws. */
export async function checkCluster(admin: Admin, { address, config }: ConnectionSettings): Promise<CheckResult> {
  const limit = config.connect_timeout_ms + config.request_timeout_ms
  try {
    const apis = await within(limit, address, admin.listApis())
    const started = performance.now()
    const { brokers, id } = await within(limit, address, admin.metadata({ topics: [], forceUpdate: true }))
    const roundTripMs = Math.round((performance.now() - started) * 10) / 10
    return {
      ok: true,
      summary: `Kafka at ${address} answers: ${countOf(brokers.size, 'broker')}, ${roundTripMs} ms`,
      details: { brokers: brokers.size, cluster: id ?? '', round_trip_ms: roundTripMs, apis: apis.length },
    }
  } catch (failure) {
    const error = toQiError(kafkaError(failure, 'reach the cluster', address))
    const [summary = error.message, remedy] = error.message.split('; ')
    return { ok: false, summary, error, ...(remedy && { remedy }) }
  }
}

/** Bounds the whole call, because the library retries and each try has its own timeout. */
async function within<T>(limitMs: number, address: string, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () =>
      late.reject(
        new QiError(
          'TIMEOUT',
          `cannot reach the cluster (Kafka at ${address}): no answer within ${limitMs} ms; check that this is a Kafka port and that the broker runs`,
        ),
      ),
    limitMs,
  )
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
