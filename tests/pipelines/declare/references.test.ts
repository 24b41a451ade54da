import { describe, expect, test } from 'vitest'
import { TopicCatalogue } from '../../../lib/src/base/types/index.ts'
import {
  checkReferences,
  describeProblem,
  loopThrough,
  type PipelineDeclaration,
  parseDeclaration,
  type Surroundings,
} from '../../../lib/src/streaming/pipelines/declare/index.ts'

const declared = (text: string) => {
  const parsed = parseDeclaration(`version: 1\n${text}\n`, { file: 'p.yaml' })
  if ('problems' in parsed) throw new Error(parsed.problems.map(describeProblem).join('\n'))
  return parsed
}
const pipeline = (name: string, from: string, to: string): PipelineDeclaration =>
  declared(`name: ${name}\nfrom: { topics: [${from}] }\nto: [${to}]`).declaration

const majors = pipeline('majors', 'crypto-prices', '{ topic: majors, record: price }')

const around = (more: Partial<Surroundings> = {}): Surroundings => ({
  destinations: ['lake', 'desk'],
  catalogue: new TopicCatalogue([['majors', 'price']]),
  reserved: new Map([['crypto-data', 'the built-in pipeline crypto-data']]),
  groups: new Map([['qicore-crypto-data', 'the built-in pipeline crypto-data']]),
  deployed: [majors],
  groupOf: (name, output) => `qicore-${name}-${output}`,
  ...more,
})
const told = (text: string, more?: Partial<Surroundings>) => checkReferences(declared(text), around(more)).map(describeProblem)

test('references to existing destinations and topics are accepted, and so is a new version of a deployed pipeline', () => {
  expect(
    told('name: a\nfrom: { topics: [majors, crypto-prices] }\nto: [{ destination: lake }, { topic: b, record: price }]'),
  ).toEqual([])
  expect(told('name: majors\nfrom: { records: [price] }\nto: [{ topic: majors, record: price }]')).toEqual([])
})

describe('refusals have a place and a remedy', () => {
  test.each([
    [
      'an unknown destination',
      'name: a\nfrom: { records: [price] }\nto: [{ destination: lak }]',
      '4:21: to[0].destination "lak": no destination of this name is configured; did you mean lake?',
    ],
    [
      'an unknown topic',
      'name: a\nfrom: { topics: [major] }\nto: [{ destination: lake }]',
      '3:18: from.topics[0] "major": no topic of this name carries records; did you mean majors?',
    ],
    [
      'a name of a built-in pipeline',
      'name: crypto-data\nfrom: { records: [price] }\nto: [{ destination: lake }]',
      '2:7: name "crypto-data": the name crypto-data is that of the built-in pipeline crypto-data; choose another name',
    ],
    [
      'the topic of a record type',
      'name: a\nfrom: { records: [price] }\nto: [{ topic: crypto-prices, record: price }]',
      '4:15: to[0].topic "crypto-prices": the platform publishes into this topic',
    ],
    [
      'a topic that another pipeline writes',
      'name: a\nfrom: { records: [price] }\nto: [{ topic: majors, record: price }]',
      'to[0].topic "majors": pipeline majors writes this topic; choose another name',
    ],
    [
      'another record type for a topic',
      'name: majors\nfrom: { records: [trade] }\nto: [{ topic: majors, record: trade }]',
      '4:31: to[0].record "trade": topic majors carries price; keep record: price, or choose another topic',
    ],
    [
      'a record type that is not read',
      'name: a\nfrom: { records: [price] }\nto: [{ topic: b, record: trade }]',
      '4:26: to[0].record "trade": the pipeline reads no trade; read it, or name one of price',
    ],
    [
      'a pipeline that reads what it writes',
      'name: a\nfrom: { topics: [b] }\nto: [{ topic: b, record: price }]',
      '4:5: to: its records come back to it: a → topic b → a; remove one topic of this loop',
    ],
  ])('%s', (_, text, expected) => {
    expect(told(text).join('\n')).toContain(expected)
  })

  test('two deliveries with one consumer group', () => {
    const deployed = [pipeline('a', 'crypto-prices', '{ destination: b-c }')]
    expect(
      told('name: a-b\nfrom: { records: [price] }\nto: [{ destination: c }]', { deployed, destinations: ['c', 'b-c'] }),
    ).toEqual([
      'p.yaml:4:6: to[0]: its consumer group qicore-a-b-c is that of pipeline a to b-c; rename the pipeline or the destination',
    ])
  })

  test('a loop over several pipelines', () => {
    const b = pipeline('b', 'x', '{ topic: y, record: price }')
    const c = pipeline('c', 'y', '{ topic: z, record: price }')
    const catalogue = new TopicCatalogue(['x', 'y', 'z'].map((topic) => [topic, 'price']))
    expect(told('name: a\nfrom: { topics: [z] }\nto: [{ topic: x, record: price }]', { deployed: [b, c], catalogue })).toEqual([
      'p.yaml:4:5: to: its records come back to it: a → topic x → b → topic y → c → topic z → a; remove one topic of this loop',
    ])
  })
})

describe('a text that also has errors of its own', () => {
  const all = (text: string, more?: Partial<Surroundings>, name?: string) => {
    const parsed = parseDeclaration(`version: 1\n${text}\n`, { file: 'p.yaml', ...(name !== undefined && { name }) })
    if (!('problems' in parsed) || !parsed.readable) throw new Error('it has no problem of its own')
    return checkReferences(parsed.readable, around(more)).map(describeProblem)
  }
  const UNKNOWN = 'no destination of this name is configured; did you mean lake?'

  test('unknown destinations and topics after unreadable entries are reported at their own places', () => {
    const text = `name: a
stepz: []
from: { topics: ["no name", major] }
to:
  - 7
  - { destination: lak, lanes: none }
  - { topic: crypto-prices, record: price }
  - { topic: other, record: prise }
  - { destination: lac, record: trade }`
    expect(all(text)).toEqual([
      'p.yaml:4:29: from.topics[1] "major": no topic of this name carries records; did you mean majors?',
      `p.yaml:7:20: to[1].destination "lak": ${UNKNOWN}`,
      'p.yaml:8:14: to[2].topic "crypto-prices": the platform publishes into this topic; choose another name',
      `p.yaml:10:20: to[4].destination "lac": ${UNKNOWN}`,
    ])
  })

  test.each([
    [
      'name: Not A Name\nfrom: { records: [price] }\nto: [{ destination: lak }]',
      `p.yaml:4:21: to[0].destination "lak": ${UNKNOWN}`,
    ],
    [
      'name: crypto-data\nfrom: {}\nto: []',
      'p.yaml:2:7: name "crypto-data": the name crypto-data is that of the built-in pipeline crypto-data; choose another name',
    ],
    [
      'to: [{ destination: lak }, { destination: lake }, { destination: lake }]',
      `p.yaml:2:21: to[0].destination "lak": ${UNKNOWN}`,
    ],
  ])('%s', (text, problem) => {
    expect(all(text)).toEqual([problem])
  })

  test('unreadable parts (records, the name, topics) cause no problems of references', () => {
    expect(all('name: a\nfrom: { records: [prise] }\nto: [{ topic: b, record: price }]')).toEqual([])
    expect(all('name: a\nto: [{ topic: b, record: price }]')).toEqual([])
    // Without a name this may be the pipeline that already writes the topic.
    expect(all('from: { topics: [crypto-prices] }\nto: [{ topic: majors, record: price }]')).toEqual([])
    expect(all('from: { topics: [crypto-prices], x: 1 }\nto: [{ topic: majors, record: price }]', {}, 'b')).toEqual([
      'p.yaml:3:15: to[0].topic "majors": pipeline majors writes this topic; choose another name',
    ])
    for (const text of ['x: []', 'to: {}', 'from: 7\nto: 7', 'from: { topics: { a: 1 } }\nto: [[[]]]'])
      expect(all(text)).toEqual([])
  })
})

test('a long chain of pipelines is no loop', () => {
  const chain = Array.from({ length: 300 }, (_, i) => pipeline(`p${i}`, `t${i}`, `{ topic: t${i + 1}, record: price }`))
  expect(loopThrough(chain[0] as PipelineDeclaration, chain.slice(1))).toBeUndefined()
})
