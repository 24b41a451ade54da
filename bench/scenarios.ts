import type { Scenario } from './context.ts'
import { hasConnect } from './peers/installed.ts'
import { all, kafka, programs, recordedData } from './requirements.ts'
import { backfill } from './scenarios/backfill.ts'
import { batchToTable } from './scenarios/batchToTable.ts'
import { bento, redpandaConnect } from './scenarios/benthos.ts'
import { destinations } from './scenarios/destinations.ts'
import { drizzleRequests } from './scenarios/drizzleRequests.ts'
import { exportHistory } from './scenarios/export.ts'
import { growth } from './scenarios/growth.ts'
import { http } from './scenarios/http.ts'
import { importFiles } from './scenarios/import.ts'
import { kafkaConnect } from './scenarios/kafkaConnect.ts'
import { latency } from './scenarios/latency.ts'
import { mcp } from './scenarios/mcp.ts'
import { rollupLag } from './scenarios/rollupLag.ts'
import { rollups } from './scenarios/rollups.ts'
import { seriesCount } from './scenarios/seriesCount.ts'
import { sinks } from './scenarios/sinks.ts'
import { streamToTable } from './scenarios/streamToTable.ts'
import { venues } from './scenarios/venues.ts'

const connectIsThere = () => (hasConnect() ? undefined : 'Kafka Connect (npm run services -- connect)')

export const scenarios: Readonly<Record<string, Scenario>> = {
  batch: { run: batchToTable, lacks: programs('psql') },
  stream: { run: streamToTable, lacks: programs('psql') },
  latency: { run: latency },
  destinations: { run: destinations },
  sinks: { run: sinks },
  drizzle: { run: drizzleRequests },
  rollups: { run: rollups },
  'rollup-lag': { run: rollupLag },
  backfill: { run: backfill },
  http: { run: http, lacks: programs('wrk', 'pgbench') },
  mcp: { run: mcp, lacks: programs('wrk') },
  export: { run: exportHistory, lacks: programs('psql') },
  import: { run: importFiles, lacks: programs('psql') },
  venues: { run: venues, lacks: recordedData },
  growth: { run: growth },
  series: { run: seriesCount },
  connect: { run: kafkaConnect, lacks: all(kafka, programs('psql', 'java'), connectIsThere) },
  bento,
  'redpanda-connect': redpandaConnect,
}
