import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { recordedData } from '../../support/services.ts'

const linesOf = (name: string): string[] =>
  gunzipSync(readFileSync(join(recordedData, `cryptofeed/${name}.gz`)))
    .toString('utf8')
    .split('\n')

/** The texts that a venue sent over its sockets, of a capture in the form `time: text`. */
export const recordedTexts = (name: string): string[] =>
  linesOf(name).flatMap((line) => /^\d+\.\d+: ([[{].*)$/.exec(line)?.[1] ?? [])

/** The body of the first recorded REST answer whose address contains a text. */
export function recordedBody(name: string, address: string): string {
  for (const line of linesOf(name)) {
    const [, url = '', body = ''] = /^(\S+) -> \d+\.\d+: (.*)$/.exec(line) ?? []
    if (url.includes(address)) return body
  }
  throw new Error(`${name} has no answer of ${address}`)
}

/** The numbers of the callbacks that the recorder of a capture counted. */
export function recordedCounts(venue: string): Readonly<Record<string, number>> {
  const expected = JSON.parse(readFileSync(join(recordedData, 'cryptofeed/EXPECTED.json'), 'utf8')) as Record<
    string,
    { readonly callbacks: Readonly<Record<string, number>> }
  >
  return expected[venue]?.callbacks ?? {}
}
