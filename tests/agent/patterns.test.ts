import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineWorkflow, type Handed, handOff, InProcessRunner, pipeline, supervisor } from '../../lib/src/base/agent/index.ts'

const runner = new InProcessRunner()
afterAll(() => runner.close())

const number = z.number()
const arithmetic = (name: string, work: (n: number) => number) =>
  defineWorkflow({ name, summary: name, input: number, output: number, steps: (start) => start.step('work', work) })
const double = arithmetic('double', (n) => n * 2)
const square = arithmetic('square', (n) => n * n)
const write = defineWorkflow({
  name: 'write',
  summary: 'Writes a number',
  input: number,
  output: z.string(),
  steps: (start) => start.step('write', (n) => `it is ${n}`),
})

describe('several agents', () => {
  test('in a pipeline: each takes what the one before gave', async () => {
    const made = pipeline('made', 'Doubles, squares and writes', double, square, write)
    expect(await (await runner.start(made, 3)).result).toBe('it is 36')
  })

  test('under a supervisor: it plans, workers work, it makes an answer of what they gave', async () => {
    const both = supervisor({
      name: 'both',
      summary: 'Has each number doubled and squared',
      input: z.array(number),
      output: z.array(z.string()),
      workers: { double, square },
      plan: (numbers: number[]) =>
        numbers.flatMap((task) => [
          { worker: 'double', task },
          { worker: 'square', task },
        ]),
      join: (results) => results.map(({ worker, result }) => `${worker} ${result}`),
    })
    expect(await (await runner.start(both, [3, 4])).result).toEqual(['double 6', 'square 9', 'double 8', 'square 16'])
  })

  const handed = z.object({ to: z.string(), value: number })
  const player = (name: string, play: (n: number) => Handed<number>) =>
    defineWorkflow({ name, summary: name, input: number, output: handed, steps: (start) => start.step('play', play) })

  test('handing a task to one another, until one is done', async () => {
    const agents = {
      odd: player('odd', (n) => ({ to: 'even', value: n * 3 + 1 })),
      even: player('even', (n) => ({ to: n === 2 ? 'done' : (n / 2) % 2 === 0 ? 'even' : 'odd', value: n / 2 })),
    }
    const play = handOff({ name: 'play', summary: 'Plays', input: handed, output: handed, agents })
    expect(await (await runner.start(play, { to: 'odd', value: 5 })).result).toEqual({ to: 'done', value: 1 })
  })

  test('handing a task round and round come to an end', async () => {
    const agents = { one: player('one', (value) => ({ to: 'one', value })) }
    const play = handOff({ name: 'round', summary: 'Never ends', input: handed, output: handed, agents, most: 5 })
    await expect((await runner.start(play, { to: 'one', value: 1 })).result).rejects.toThrow(/did not come to an end in 5 rounds/)
  })
})
