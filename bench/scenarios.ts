import type { Scenario } from './context.ts'
import { hasConnect, redpandaConnectBinary } from './peers/installed.ts'
import { all, isExecutable, kafka, programs } from './requirements.ts'
import { backfill } from './scenarios/backfill.ts'
import { batchToTable } from './scenarios/batchToTable.ts'
import { destinations } from './scenarios/destinations.ts'
import { drizzleRequests } from './scenarios/drizzleRequests.ts'
import { growth } from './scenarios/growth.ts'
import { http } from './scenarios/http.ts'
import { kafkaConnect } from './scenarios/kafkaConnect.ts'
import { latency } from './scenarios/latency.ts'
import { mcp } from './scenarios/mcp.ts'
import { redpandaConnect } from './scenarios/redpandaConnect.ts'
import { rollupLag } from './scenarios/rollupLag.ts'
import { rollups } from './scenarios/rollups.ts'
import { seriesCount } from './scenarios/seriesCount.ts'
import { streamToTable } from './scenarios/streamToTable.ts'

const connectIsThere = () => (hasConnect() ? undefined : 'Kafka Connect (npm run services -- connect)')

const redpandaConnectIsThere = () => {
  const binary = redpandaConnectBinary()
  if (binary === undefined) return 'Redpanda Connect (set REDPANDA_CONNECT_BIN to its binary)'
  return isExecutable(binary) ? undefined : `a program at REDPANDA_CONNECT_BIN, not ${binary}`
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  batch: { run: batchToTable, lacks: programs('psql') },
  stream: { run: streamToTable, lacks: programs('psql') },
  latency: { run: latency },
  destinations: { run: destinations },
  drizzle: { run: drizzleRequests },
  rollups: { run: rollups },
  'rollup-lag': { run: rollupLag },
  backfill: { run: backfill },
  http: { run: http, lacks: programs('wrk', 'pgbench') },
  mcp: { run: mcp, lacks: programs('wrk') },
  growth: { run: growth },
  series: { run: seriesCount },
  connect: { run: kafkaConnect, lacks: all(kafka, programs('psql', 'java'), connectIsThere) },
  'redpanda-connect': { run: redpandaConnect, lacks: all(kafka, programs('psql'), redpandaConnectIsThere) },
}
