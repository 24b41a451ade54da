import type { Scenario } from '../context.ts'
import { BENTO, type BenthosProgram, benthosPeer, REDPANDA_CONNECT } from '../peers/benthos.ts'
import { besidePeer } from '../peers/beside.ts'
import { bentoBinary, redpandaConnectBinary } from '../peers/installed.ts'
import { all, isExecutable, kafka, programs } from '../requirements.ts'

/** A filled topic → table, by a program of the Benthos family and by the consumer. */
function beside(program: BenthosProgram, find: () => string | undefined, variable: string, remedy: string): Scenario {
  const missing = () => {
    const binary = find()
    if (binary === undefined) return `${program.name} (${remedy})`
    return isExecutable(binary) ? undefined : `a program at ${variable}, not ${binary}`
  }
  return {
    lacks: all(kafka, programs('psql'), missing),
    async run(context) {
      const { brokers = [], folder, store } = context
      await using peer = await benthosPeer({ program, binary: find() ?? '', brokers, databaseUrl: store.url, folder })
      return await besidePeer(context, peer)
    },
  }
}

export const bento = beside(BENTO, bentoBinary, 'BENTO_BIN', 'npm run services -- bento, or set BENTO_BIN to its binary')

export const redpandaConnect = beside(
  REDPANDA_CONNECT,
  redpandaConnectBinary,
  'REDPANDA_CONNECT_BIN',
  'set REDPANDA_CONNECT_BIN to its binary',
)
