import { describe, expect, test } from 'vitest'
import { describeProblem, parseDeclaration } from '../../../lib/src/streaming/pipelines/declare/index.ts'

const told = (text: string, name?: string): readonly string[] => {
  const result = parseDeclaration(text, { file: 'archive.yaml', ...(name && { name }) })
  return 'problems' in result ? result.problems.map(describeProblem) : []
}

const ARCHIVE = `# everything, for good
version: 1
name: archive
description: prices for the lake
from: { records: [price, trade] }
to:
  - destination: lake
  - { topic: fast-prices, record: price } # for others
`

test('a declaration has the values of its text', () => {
  expect(parseDeclaration(ARCHIVE, { file: 'archive.yaml' })).toMatchObject({
    declaration: {
      name: 'archive',
      description: 'prices for the lake',
      from: { records: ['price', 'trade'] },
      to: [{ destination: 'lake' }, { topic: 'fast-prices', record: 'price' }],
    },
  })
})

test('a declaration without a name takes that of its file', () => {
  const text = 'version: 1\nfrom: { topics: [fast-prices] }\nto: [{ destination: lake }]\n'
  expect(parseDeclaration(text, { file: 'x.yaml', name: 'fast' })).toMatchObject({
    declaration: { name: 'fast', from: { topics: ['fast-prices'] } },
  })
  expect(told(text)).toEqual(['archive.yaml:1:1: name: is missing; give the pipeline a name'])
  expect(told(text, 'My Pipeline')).toEqual([
    `archive.yaml:1:1: name: is missing, and the file's name "My Pipeline" cannot stand for it; add name: 1 to 63 of the characters a-z 0-9 . _ -, the first a letter or a digit`,
  ])
})

const change = (from: string | RegExp, to: string): string => {
  const changed = ARCHIVE.replace(from, to)
  expect(changed).not.toBe(ARCHIVE)
  return changed
}

describe('each refusal has file, line, column, field, value and a remedy', () => {
  test.each([
    ['a version of the future', change('version: 1', 'version: 2'), '2:10: version 2: is not valid; expected 1'],
    ['no version', change('version: 1\n', ''), '2:1: version: is missing; expected 1'],
    ['an unknown key', change('description', 'descripton'), '4:1: descripton: there is no such key; did you mean description?'],
    [
      'steps',
      change('to:', 'steps: []\nto:'),
      '6:1: steps: this version has no steps: a pipeline delivers records unchanged; remove steps',
    ],
    [
      'an unknown key of an output',
      change('- destination', '- destinatoin'),
      '7:5: to[0].destinatoin: there is no such key; did you mean destination?',
    ],
    ['an unknown key of from', change('records', 'record'), '5:9: from.record: there is no such key; did you mean records?'],
    [
      'an unknown record type',
      change('trade', 'trades'),
      '5:26: from.records[1] "trades": there is no such record type; did you mean trade?',
    ],
    ['a record type twice', change('trade', 'price'), '5:26: from.records[1] "price": it is listed twice; keep one of them'],
    ['no records', change('[price, trade]', '[]'), '5:18: from.records: is not valid; must have at least 1 item'],
    [
      'records and topics',
      change('trade] ', 'trade], topics: [a] '),
      '5:7: from: it has records and topics; give it either records or topics',
    ],
    ['neither', change('{ records: [price, trade] }', '{}'), '5:7: from: it is empty; give it either records or topics'],
    ['no from', change(/from.*\n/, ''), '2:1: from: is missing; expected an object'],
    ['no outputs', change(/to:[\s\S]*/, 'to: []\n'), '6:5: to: is not valid; must have at least 1 item'],
    ['outputs that are no list', change(/to:[\s\S]*/, 'to: lake\n'), '6:5: to "lake": is not valid; expected a list'],
    [
      'a bad name',
      change('name: archive', 'name: Arch:ive'),
      '3:7: name "Arch:ive": is not valid; 1 to 63 of the characters a-z 0-9 . _ -, the first a letter or a digit',
    ],
    [
      'a topic of dead letters',
      change('fast-prices,', 'fast.dlq,'),
      '8:14: to[1].topic "fast.dlq": is not valid; 1 to 200 of the characters',
    ],
    [
      'a topic without a record type',
      change(', record: price', ''),
      '8:5: to[1].record: is missing; a topic carries one record type: name it',
    ],
    [
      'a record type of a destination',
      change('destination: lake', 'destination: lake\n    record: price'),
      '8:13: to[0].record "price": it belongs to a topic',
    ],
    [
      'a destination twice',
      change('{ topic: fast-prices, record: price }', '{ destination: lake }'),
      '8:20: to[1].destination "lake": it is listed twice',
    ],
    [
      'an output of neither kind',
      change('{ topic: fast-prices, record: price }', '{}'),
      '8:5: to[1]: it has neither destination nor topic',
    ],
    [
      'an output of both kinds',
      change('destination: lake', 'destination: lake\n    topic: a'),
      '7:5: to[0]: it has a destination and a topic',
    ],
    ['a key twice', change('description', 'name'), '4:1: name: it is given twice; keep one of them'],
    [
      'an anchor',
      change('[price, trade]', '&a [price]'),
      '5:21: from.records: &a is an anchor; remove it; values are written out',
    ],
    ['an alias', change('name: archive', 'name: *a'), '3:7: name: *a is an alias; write the value out'],
    ['a tag', change('name: archive', 'name: !!js/function x'), '3:7: no valid YAML'],
    ['a key that is not text', change('description:', '1:'), '4:1: a key is not text; write names as keys'],
    ['broken YAML', change('{ records', '{ records: [ '), 'no valid YAML'],
    ['two documents', `${ARCHIVE}---\nversion: 1\n`, 'no valid YAML'],
    ['an empty text', '', '1:1: the document is empty; expected an object'],
    ['a list', '- 1\n', '1:1: is not valid; expected an object'],
    ['a NUL', change('prices for', 'prices\0for'), '4:20: it holds the control character U+0000; remove it'],
    ['a bidirectional control', change('prices for', 'prices\u202efor'), '4:20: it holds the control character U+202E'],
    ['half a character', change('prices for', 'prices\ud800for'), 'it holds the control character U+D800'],
  ])('%s', (_, text, expected) => {
    expect(told(text).join('\n')).toContain(expected)
    for (const line of told(text)) expect(line).toMatch(/^archive\.yaml:\d+:\d+: .+; .+/)
  })

  test('all problems are reported at once, in the order of the text', () => {
    expect(
      told(change('description', 'nmae').replace('trade', 'trad').replace('destination: lake', 'destination: Lake')),
    ).toEqual([
      expect.stringContaining('archive.yaml:4:1: nmae'),
      expect.stringContaining('archive.yaml:5:26: from.records[1] "trad"'),
      expect.stringContaining('archive.yaml:7:18: to[0].destination "Lake"'),
    ])
  })
})

describe('a hostile text is refused within bounds of time and output', () => {
  const within = (text: string): string => {
    const started = performance.now()
    const problems = told(text).join('\n')
    expect(performance.now() - started).toBeLessThan(3_000)
    expect(problems.length).toBeLessThan(20_000)
    return problems
  }
  const laughs = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
    .split('')
    .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(',')}]`)
    .join('\n')}\n`
  test.each([
    ['a long text', `# ${'x'.repeat(300_000)}`, 'bytes'],
    ['deep lists', '['.repeat(100_000), 'nested too deep'],
    ['deep blocks', `a: ${'- '.repeat(500)}x`, /nested too deep|no valid YAML/],
    ['a billion laughs', laughs, 'is an anchor'],
    ['many keys', Array.from({ length: 30_000 }, (_, i) => `${i.toString(36)}:`).join('\n'), /too many (parts|values)/],
    ['many values', `to: [${'1,'.repeat(6_000)}]`, 'too many values'],
    ['many bad values', `to:\n${'  - 1\n'.repeat(2_000)}`, 'at most 50 items'],
    ['a proto key', '__proto__: { version: 1 }\nconstructor: 1\n', '__proto__: there is no such key'],
  ])('%s', (_, text, expected) => {
    expect(within(text)).toMatch(expected)
  })
})
