import { describe } from 'vitest'
import { openRedpanda, parseRedpandaConfig } from '../../lib/src/streaming/redpanda/index.ts'
import { streamSuite } from '../contracts/streamSuite.ts'

const brokers = process.env.QICORE_TEST_KAFKA_BROKERS

describe.skipIf(!brokers)('redpanda', () => {
  streamSuite('redpanda', { open: () => openRedpanda(parseRedpandaConfig({ brokers })) })
})
