import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchContext, Scenario } from './context.ts'
import { openEngines } from './engines.ts'
import { scenarios } from './scenarios.ts'

const USAGE = `npm run bench -- [${Object.keys(scenarios).join('|')} …] [--records 1000000] [--rounds 5]
Runs in an embedded PostgreSQL of its own, or against DATABASE_URL and REDPANDA_BROKERS where they are set: their tables
and topics are emptied. Without a name it runs all that the machine has the parts for.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
})
const records = Number(values.records)
const rounds = Number(values.rounds)
const chosen = positionals.length > 0 ? positionals : Object.keys(scenarios)
const unknown = chosen.find((name) => !scenarios[name])
if (values.help || unknown || !Number.isInteger(records) || records < 1 || !Number.isInteger(rounds) || rounds < 1) {
  console.error(unknown ? `no scenario named ${unknown}\n${USAGE}` : USAGE)
  process.exit(values.help ? 0 : 2)
}

const folder = await mkdtemp(join(tmpdir(), 'qicore-bench-'))
// As root the server runs under another user, which must be able to reach its data.
await chmod(folder, 0o755)
try {
  await using engines = await openEngines(folder)
  const { store, stream, brokers } = engines
  console.log(`Node ${process.version}, PostgreSQL ${store.capabilities.serverVersion}, ${cpus().length} × ${cpus()[0]?.model}\n`)
  for (const name of chosen) {
    const note = (line: string) => console.error(`  ${name}: ${line}`)
    const context: BenchContext = { store, stream, brokers, folder, records, rounds, note }
    const scenario = scenarios[name] as Scenario
    const missing = scenario.lacks?.(context)
    if (!missing) console.log(`${await scenario.run(context)}\n`)
    else {
      console.error(`${name} needs ${missing}`)
      // A scenario that was asked for by name did not run.
      if (positionals.length > 0) process.exitCode = 1
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
