/** `npm run chaos`: the chaos test for as long and as large as wanted. */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { ownFolder } from '../support/ownFolder.ts'
import { availableServices, REMEDY } from '../support/run/available.ts'
import { chaos, command } from './chaos.ts'
import { MODES } from './engines.ts'
import { resuming, resumingCommand } from './resuming/resuming.ts'
import { loadScenarios, scenarioCommand } from './scenario.ts'
import { sharing } from './sharing.ts'
import { SINKS } from './subject.ts'

const scenarios = await loadScenarios()
const USAGE = `npm run chaos -- [--rounds 20] [--records 1000000] [--mode ${MODES.join('|')}] [--sink ${SINKS.join('|')}] [--seed S]
npm run chaos -- --sharing [--window 60000] [--windows 3] [--mode …] [--seed S]
npm run chaos -- --resuming [--cuts 100] [--rate 1000] [--mode …] [--seed S]
npm run chaos -- --scenario NAME [--seconds 30] [--rate 2000] [--seed S]
npm run chaos -- --dead file|webhook [--minutes 10] [--rate 2000] [--seed S]
Produces the records once while in each round a process is killed or a network fails; the table must hold each of them once.
With --sharing two publishers and four consumers, each a process, share a rate limit and the partitions; one is killed, one comes.
With --resuming clients of /ws and of server-sent events are cut so many times while records are appended: they must miss nothing.
With --dead a destination is away for so many minutes: the scenario dead-file or dead-webhook.
With --scenario one bad thing happens for so many seconds to a platform under so many prices a second:
${scenarios.map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}`).join('\n')}
--mode kafka needs a broker's jars (npm run services). --seed repeats the choices of a run that printed it.`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    records: { type: 'string', default: '1000000' },
    mode: { type: 'string', default: 'embedded' },
    sink: { type: 'string', default: 'table' },
    scenario: { type: 'string' },
    dead: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '30' },
    rate: { type: 'string' },
    resuming: { type: 'boolean', default: false },
    cuts: { type: 'string', default: '100' },
    sharing: { type: 'boolean', default: false },
    window: { type: 'string', default: '60000' },
    windows: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
})
const mode = MODES.find((name) => name === values.mode)
const sink = SINKS.find((name) => name === values.sink)
const [rounds, records, seed] = [Number(values.rounds), Number(values.records), Number(values.seed)]
const [windowMs, windows] = [Number(values.window), Number(values.windows)]
const dead = values.dead !== undefined
const [seconds, rate] = [
  dead ? Math.round(Number(values.minutes) * 60) : Number(values.seconds),
  Number(values.rate ?? (values.resuming ? 1000 : 2000)),
]
const cuts = Number(values.cuts)
const asked = dead ? `dead-${values.dead}` : values.scenario
const scenario = scenarios.find(({ name }) => name === asked)
const whole =
  [rounds, records, windowMs, windows, seconds, rate, cuts].every((n) => Number.isInteger(n) && n > 0) && Number.isInteger(seed)
if (values.help || !mode || !sink || !whole || (asked !== undefined && !scenario)) {
  console.error(USAGE)
  process.exit(values.help ? 0 : 2)
}

const needs = scenario?.needs ?? (sink === 's3' ? (['versitygw'] as const) : [])
const missing = needs.filter((service) => !availableServices().includes(service))
if (missing.length > 0) {
  console.error(`${scenario?.name ?? sink} needs ${missing.map((service) => `${service} (${REMEDY[service]})`).join(', ')}`)
  process.exit(1)
}

await ownFolder('chaos')
const say = (line: string) => console.log(line)
const began = performance.now()
const run = (): Promise<{ readonly problems: readonly string[] }> => {
  if (scenario) {
    const size = { seconds, rate, seed }
    say(scenarioCommand(scenario.name, size))
    return scenario.run({ ...size, say, patienceMs: 180_000 })
  }
  if (values.resuming) {
    const options = { mode, cuts, rate, seed }
    say(resumingCommand(options))
    return resuming({ ...options, say })
  }
  if (values.sharing) {
    say(`npm run chaos -- --sharing --window ${windowMs} --windows ${windows} --mode ${mode} --seed ${seed}`)
    return sharing({ mode, seed, windowMs, windows, say })
  }
  const options = { mode, sink, rounds, records, seed }
  say(command(options))
  return chaos({ ...options, say })
}
try {
  const { problems, ...found } = await run()
  say(`${JSON.stringify(found)} in ${Math.round((performance.now() - began) / 1000)} s`)
  for (const problem of problems) say(`PROBLEM: ${problem}`)
  process.exit(problems.length > 0 ? 1 : 0)
} catch (error) {
  console.error(error)
  process.exit(1)
}
