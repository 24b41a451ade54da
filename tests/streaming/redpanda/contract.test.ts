import { openRedpanda, parseRedpandaConfig } from '../../../lib/src/streaming/redpanda/index.ts'
import { streamSuite } from '../../contracts/streamSuite.ts'
import { sharedKafka } from '../../support/kafka.ts'
import { describeWith } from '../../support/services.ts'

describeWith('kafka', 'redpanda', () => {
  streamSuite('redpanda', { open: async () => openRedpanda(parseRedpandaConfig({ brokers: await sharedKafka() })) })
})

describeWith('kafka', 'redpanda with other compressions', () => {
  for (const compression of ['none', 'gzip', 'zstd'] as const)
    streamSuite(compression, {
      open: async () => openRedpanda(parseRedpandaConfig({ brokers: await sharedKafka(), compression })),
      only: ['append', 'read'],
    })
})
