import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { readPage } from './page.ts'

const ROOT = resolve(import.meta.dirname, '../..')

const rows = [...(await readPage('glossary.md')).matchAll(/^\| ([^|]+) \| ([^|]+) \| `([^`|]+)` \|$/gm)].map(
  ([, term = '', meaning = '', file = '']) => ({ term, meaning, file }),
)

/** `dead letter` in prose, `deadLetter` and `dead_letter` in names; plurals and the forms of verbs too. */
const asWritten = (term: string): RegExp => new RegExp(term.split(' ').join('[ _-]?'), 'i')

test('each term stands once, and its meaning is given', () => {
  const terms = rows.map(({ term }) => term.toLowerCase())
  expect(terms.length).toBeGreaterThan(50)
  expect(terms.filter((term, index) => terms.indexOf(term) !== index)).toEqual([])
  expect(rows.filter(({ meaning }) => meaning.trim().length < 10)).toEqual([])
})

test.each(rows.map(({ term, file }) => [term, file] as const))('%s is used in %s', async (term, file) => {
  expect(await readFile(resolve(ROOT, file), 'utf8')).toMatch(asWritten(term))
})
