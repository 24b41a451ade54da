import type { BenchContext } from '../context.ts'
import type { DrainedSink } from '../drainedSink.ts'
import { drainedSinks } from '../drainedSinks.ts'
import { fillTopic } from '../fill.ts'
import { BENTO, versionOf } from '../peers/benthos.ts'
import { drainByBento } from '../peers/drainedByBento.ts'
import { drainByConnect } from '../peers/drainedByConnect.ts'
import { bentoBinary, hasConnect } from '../peers/installed.ts'
import { startWorker } from '../peers/kafkaConnect.ts'
import { interleave, markdown, summarise } from '../rounds.ts'
import { type SinkDrainer, startSinkDrainer } from '../sinkDrainer.ts'

/**
 * A filled topic → each destination: what the process that drains it works, and how much memory it takes. Over Kafka, where Bento or Kafka
 * Connect is installed, beside their outputs of the same kind.
 */
export async function sinks({ stream, folder, records, rounds, note, brokers }: BenchContext): Promise<string> {
  await fillTopic(stream, folder, records)
  await using stack = new AsyncDisposableStack()
  const megabytes = new Map<string, number>()
  const binary = brokers && bentoBinary()
  const peer = binary && (await versionOf(BENTO, binary))
  const worker = brokers && hasConnect() ? stack.use(await startWorker({ brokers, folder })) : undefined
  const contenders: Record<string, () => Promise<number>> = {}
  for (const [name, { lacks, open }] of Object.entries(drainedSinks)) {
    const missing = lacks?.()
    if (missing) {
      note(`${name} is left out: it needs ${missing}`)
      continue
    }
    const sink: DrainedSink = stack.use(await open(folder))
    const drainer: SinkDrainer = stack.use(startSinkDrainer(folder))
    let round = 0
    contenders[name] = async () => {
      const drained = await drainer.drain(records, sink.fresh(round))
      await sink.verify(round++, records)
      megabytes.set(name, drained.megabytes)
      return drained.cpuMs
    }
    const { bento, connect } = sink
    if (binary && bento) {
      let ofBento = 0
      contenders[`${peer} → ${name}`] = () => {
        const target = bento(ofBento, records)
        const group = `bento-${process.pid}-${name.replaceAll(/\W/g, '')}-${ofBento++}`
        return drainByBento({ binary, brokers, folder, group, records, target })
      }
    }
    if (worker && connect) {
      let ofConnect = 0
      contenders[`Kafka Connect → ${name}`] = () => {
        const connector = `file-${process.pid}-${ofConnect}`
        return drainByConnect(worker, connector, records, connect(ofConnect++))
      }
    }
  }
  const [baseline = ''] = Object.keys(contenders)
  const rows = summarise(await interleave(contenders, rounds, note), records, baseline)
  const memory = [...megabytes].map(([name, most]) => `${name} ${Math.round(most)}`).join(', ')
  const title = `Stream (${stream.engine}) → destination, ${records.toLocaleString('en')} prices`
  return `${markdown(title, 'records per CPU second of the process that drains', rows)}\n\nMost memory of these processes, MB: ${memory}.`
}
