/** `npm run soak`: the platform under a steady load, for as long as wanted. */
import { parseArgs } from 'node:util'
import { ownFolder } from '../support/ownFolder.ts'
import { MODES } from './engines.ts'
import { soak } from './soak.ts'
import { report, SAMPLE_HEAD, sampleRow } from './table.ts'

const USAGE = `npm run soak -- [--minutes 10] [--rate 1000] [--mode ${MODES.join('|')}] [--json]
Runs qicore up in a process of its own, under records (--rate a second) over the stream, HTTP reads and WebSocket clients, and fails
where memory, handles or lag grow after the second minute. Under 4 minutes nothing is judged.
--mode kafka uses REDPANDA_BROKERS, or starts a broker (npm run services); where REDPANDA_BROKERS is set it is the default.`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '1000' },
    mode: { type: 'string', default: process.env.REDPANDA_BROKERS ? 'kafka' : 'embedded' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const mode = MODES.find((name) => name === values.mode)
const [minutes, rate] = [Number(values.minutes), Number(values.rate)]
if (values.help || !mode || !(minutes > 0) || !Number.isInteger(rate) || rate < 1) {
  console.error(USAGE)
  process.exit(values.help ? 0 : 2)
}

await ownFolder('soak')
/** For people: a line of each half minute. */
const LINE_S = 30
let lines = 0
if (!values.json) console.log(SAMPLE_HEAD)
try {
  const soaked = await soak({
    mode,
    seconds: minutes * 60,
    rate,
    sampled: (found, freshness) => {
      if (values.json || found.at < lines * LINE_S) return
      console.log(sampleRow(found, freshness))
      lines++
    },
  })
  console.log(values.json ? JSON.stringify(soaked) : `\n${report(soaked)}`)
  process.exit(soaked.problems.length > 0 ? 1 : 0)
} catch (error) {
  console.error(error)
  process.exit(1)
}
