import { collectDefaultMetrics, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client'
import type { MetricFamily, MetricsReader } from '../../../lib/src/base/types/index.ts'
import type { Connections } from '../connections.ts'
import type { HealthProbe } from '../health/probe.ts'
import type { ServedPlatform } from '../served.ts'
import { agentMetrics } from './agents.ts'
import { connectionMetrics } from './connections.ts'
import { failureMetrics } from './failures.ts'
import { type HttpMetrics, httpMetrics } from './http.ts'
import { jobMetrics } from './jobs.ts'
import { lagMetrics } from './lag.ts'
import { limitMetrics } from './limits.ts'
import { type LiveParts, liveMetrics } from './live.ts'
import { networkMetrics } from './network.ts'
import { partMetrics } from './parts.ts'
import { poolMetrics } from './pools.ts'
import { recordMetrics } from './records.ts'
import { sourceMetrics } from './sources.ts'

export interface MetricsParts {
  readonly platform: ServedPlatform
  readonly probe: HealthProbe
  /** Undefined without a server for live clients. */
  readonly live?: LiveParts
  readonly connections?: Connections
}

export interface Metrics extends MetricsReader {
  readonly http: HttpMetrics
  readonly contentType: string
  /** All metrics, in the text format of Prometheus. */
  text(): Promise<string>
  /** Stops listening to the diagnostics channels. */
  close(): void
}

/** Default metrics that break the conventions of Prometheus (a gauge called _total) and exist a second time with labels. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** The metrics of one process, in a registry of its own. */
export function createMetrics({ platform, probe, live, connections }: MetricsParts): Metrics {
  const register = new Registry()
  collectDefaultMetrics({ register })
  for (const name of MISNAMED) register.removeSingleMetric(name)
  const http = httpMetrics(register)
  const listening = [recordMetrics(register), networkMetrics(register), failureMetrics(register), agentMetrics(register)]
  lagMetrics(register, platform)
  limitMetrics(register, platform)
  partMetrics(register, platform, probe)
  sourceMetrics(register, platform)
  if (live) liveMetrics(register, live)
  if (connections) connectionMetrics(register, connections)
  poolMetrics(register, platform)
  jobMetrics(register, platform)
  const close = () => {
    for (const metrics of listening) metrics.close()
  }
  const families = async () => (await register.getMetricsAsJSON()).map(familyOf)
  return { http, contentType: register.contentType, text: () => register.metrics(), families, close }
}

function familyOf({ name, help, type, ...rest }: MetricObjectWithValues<MetricValue<string>>): MetricFamily {
  const samples = rest.values.map((sample) => ({
    name: 'metricName' in sample && typeof sample.metricName === 'string' ? sample.metricName : name,
    labels: Object.fromEntries(Object.entries(sample.labels).map(([label, value]) => [label, String(value)])),
    value: sample.value,
  }))
  return { name, help, type: String(type) as MetricFamily['type'], samples }
}
