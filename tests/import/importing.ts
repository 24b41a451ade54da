import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { type Pool, withClient } from '../../lib/src/base/database/index.ts'
import { type RowSettings, readRowSettings } from '../../lib/src/publishers/index.ts'
import { type ImportRequest, type ImportResult, loadConfig, openImport } from '../../lib/src/streaming/platform/index.ts'

/** A folder with these files, as long as the test lasts. */
export function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'qicore-import-'))
  chmodSync(folder, 0o755)
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

/** A zip archive with these members, deflated. */
export function zipOf(members: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(members)) {
    const bytes = Buffer.from(text)
    const packed = deflateRawSync(bytes)
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0)
    head.writeUInt16LE(8, 4)
    head.writeUInt32LE(crc32(bytes), 10)
    head.writeUInt32LE(packed.length, 14)
    head.writeUInt32LE(bytes.length, 18)
    head.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), head, Buffer.from(name), packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), head, tail, Buffer.from(name)]))
    parts.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(directory.length, 4)
  end.writeUInt16LE(directory.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, central, Buffer.from('PK\u0005\u0006'), end])
}

/** The text of the file `.CHECKSUM` of these bytes. */
export const checksumOf = (bytes: Buffer, name: string): string =>
  `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`

export interface Imported extends ImportResult {
  readonly messages: readonly string[]
}

/** Imports files by a platform of its own. */
export async function importFiles(
  url: string,
  request: Omit<ImportRequest, 'rows'> & { readonly rows?: Readonly<Record<string, unknown>> },
  signal: AbortSignal = new AbortController().signal,
): Promise<Imported> {
  const { config } = loadConfig({ cwd: tmpdir(), env: { DATABASE_URL: url }, flags: {} })
  await using files = await openImport({ config })
  const result = await files.run({ ...request, rows: rowsOf(request.rows) }, { signal })
  return { ...result, messages: result.failures.map(({ error }) => error.message) }
}

/** Rows of a query, with every value as its text. */
export async function textRows(
  pool: Pool,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Record<string, string | null>[]> {
  return withClient(pool, async (client) => (await client.query<Record<string, string | null>>(sql, [...values])).rows)
}

function rowsOf(given: Readonly<Record<string, unknown>> = {}): Omit<RowSettings, 'origin'> {
  const read = readRowSettings(given)
  if ('settings' in read) return read.settings
  throw new Error(`${read.field}: ${read.problem}`)
}
