import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { checkWords, OPENINGS, offencesOf } from '../../scripts/support/words.mjs'
import { temporary } from '../support/temporary.ts'

const LINT = resolve(import.meta.dirname, '../../scripts/lint-words.mjs')

/** The offending comments are assembled here, so that this file has none. */
const planted = OPENINGS.map((opening) => [opening, `${opening} is done here.`] as const)

test.each(planted)('%s opens no sentence', (opening, sentence) => {
  const message = `a sentence starts with "${opening}": start with `
  for (const [path, source, line] of [
    ['a.ts', `const x = 1\n// ${sentence}\n`, 2],
    ['a.ts', `/**\n * Keeps it.\n *\n * ${sentence}\n */\n`, 4],
    ['a.ts', `/** Keeps it. ${sentence} */\n`, 1],
    ['a.ts', `const x = 1 // ${sentence}\n`, 1],
    ['a.mjs', `// Keeps\n// it. ${sentence}\n`, 2],
    ['a.ts', `/**\n * @returns ${sentence} */\n`, 2],
    ['a.py', `# ${sentence}\n`, 1],
    ['a.md', `# A page\n\n- Keeps it.\n- ${sentence}\n`, 4],
  ] as const)
    expect(offencesOf(path, source)).toEqual([expect.stringContaining(`${path}:${line}: ${message}`)])
})

test.each([
  'mended',
  'told of it',
  'hears of it',
  'set aside',
  'a stand-in',
  'rows of before',
  'done away with',
  'bears the name',
  'made anew',
  'a corpse',
  'a slip of the finger',
  'unwell',
  'BEHIND',
  'lest it ends',
])('%s has a plainer word, in comments and in texts', (words) => {
  expect(offencesOf('a.ts', `// This is ${words}.\n`)).toEqual([expect.stringMatching(/^a\.ts:1: ".*": use /)])
  expect(offencesOf('a.ts', `f('this is ${words}')\n`)).toEqual([expect.stringMatching(/^a\.ts:1: ".*": use /)])
})

test.each([
  ['a word in the middle of a sentence', '// Keeps what it was given, whether it was whole or not.\n'],
  ['a sentence that goes on in the next line', '// Keeps only\n// what it was given.\n'],
  ['a quoted sentence', `f('What is it?', \`\${'}'} // What is it\`, /\\/\\/ What[/] is/)\n`],
  ['an address', "f('https://What/is', 'x') // It's an address.\n"],
  ['a name', "f('mended')\n"],
  ['a division', 'const x = a / b // b is not 0.\nconst y = c / d\n'],
])('%s is no offence', (_, source) => expect(offencesOf('a.ts', source)).toEqual([]))

test('headings of a page and its code are no offence', () =>
  expect(offencesOf('a.md', '# What\n\nA line.\n\n```ts\n// What is it\n```\n')).toEqual([]))

test('the command reads files and folders, names the line, and fails', async () => {
  const folder = await temporary('words')
  await mkdir(join(folder, 'deep'))
  await writeFile(join(folder, 'deep/a.ts'), `const x = 1\n// ${planted[0]?.[1]}\n`)
  await writeFile(join(folder, 'b.ts'), '// Fine.\n')
  expect(checkWords(folder, ['.'])).toEqual({ files: 2, offences: [expect.stringContaining('deep/a.ts:2: ')] })

  const lint = (...paths: string[]) => spawnSync(process.execPath, [LINT, ...paths], { cwd: folder, encoding: 'utf8' })
  const bad = lint('deep', 'b.ts')
  expect(bad.stderr).toMatch(/deep\/a\.ts:2: a sentence starts with/)
  expect(bad.status).toBe(1)
  expect(lint('b.ts').status).toBe(0)
  expect(lint('nowhere.ts').status).toBe(1)
})
