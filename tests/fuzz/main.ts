/** `npm run fuzz`: the HTTP API under requests that fit its OpenAPI document, and such that do not. */
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ownFolder } from '../support/ownFolder.ts'
import { REMEDY, schemathesis } from '../support/run/available.ts'
import { command, fuzz } from './fuzz.ts'

const USAGE = `npm run fuzz -- [--requests 10000] [--seed S]
Asks a platform of its own, with stored data, until it has answered so many requests: right ones, wrong ones, and those in between.
No answer may be a 5xx, each must be as the document has it, and each refusal must name field and remedy.
Needs schemathesis: ${REMEDY.schemathesis}.`

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
})
const [requests, seed] = [Number(values.requests), Number(values.seed)]
if (values.help || !Number.isInteger(requests) || requests < 1 || !Number.isInteger(seed)) {
  console.error(USAGE)
  process.exit(values.help ? 0 : 2)
}
if (!existsSync(schemathesis())) {
  console.error(`${schemathesis()} is not there: ${REMEDY.schemathesis}`)
  process.exit(2)
}

await ownFolder('fuzz')
const say = (line: string) => console.log(line)
const began = performance.now()
say(command({ requests, seed }))
try {
  const { problems, ...found } = await fuzz({ requests, seed, say })
  say(`${JSON.stringify(found)} in ${Math.round((performance.now() - began) / 1000)} s`)
  for (const problem of problems) say(`PROBLEM: ${problem}`)
  process.exit(problems.length > 0 ? 1 : 0)
} catch (error) {
  console.error(error)
  process.exit(1)
}
