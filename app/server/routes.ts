import { agents } from './api/agents.ts'
import { anomalies } from './api/anomalies.ts'
import { bucketedCandles } from './api/bucketedCandles.ts'
import { candles } from './api/candles.ts'
import { compare } from './api/compare.ts'
import { coverage } from './api/coverage.ts'
import { dataHealth } from './api/dataHealth.ts'
import { indicators } from './api/indicators.ts'
import { instruments } from './api/instruments.ts'
import { latestPrices } from './api/latestPrices.ts'
import { marketSummary } from './api/marketSummary.ts'
import { openapi } from './api/openapi.ts'
import { spreads } from './api/spreads.ts'
import { status } from './api/status.ts'
import { store } from './api/store.ts'
import { health } from './health/health.ts'
import { ready } from './health/ready.ts'
import { history } from './history/routes.ts'
import { metricsRoute } from './metrics/route.ts'
import type { Route } from './route.ts'
import { liveEvents } from './sse/route.ts'
import { audit } from './tools/audit.ts'
import { callToolRoute } from './tools/call.ts'
import { jobEvents } from './tools/events.ts'
import { cancelJob, getJob, listJobs } from './tools/jobs.ts'
import { listTools } from './tools/tools.ts'

/** Every route of the HTTP interface, in the order of the documentation. */
export const routes: readonly Route[] = [
  latestPrices,
  ...history,
  candles,
  bucketedCandles,
  ...indicators,
  anomalies,
  marketSummary,
  compare,
  spreads,
  instruments,
  liveEvents,
  dataHealth,
  coverage,
  status,
  agents,
  store,
  listTools,
  callToolRoute,
  listJobs,
  getJob,
  cancelJob,
  jobEvents,
  audit,
  openapi,
  health,
  ready,
  metricsRoute,
]
