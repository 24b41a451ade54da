import { join } from 'node:path'
import { s3Bucket, s3Client } from '../consumers/objects/bucket.ts'
import { S3_KEYS, startS3 } from '../support/run/objectServers.ts'
import { recordsIn } from '../support/segmentFiles.ts'
import { type Checksum, Tally } from './load.ts'
import type { Random } from './random.ts'

/** Sinks that keep segments. */
export const LAKES = ['file', 's3'] as const
export type LakeName = (typeof LAKES)[number]

export interface Lake extends AsyncDisposable {
  /** The settings of the destination that fills it, as they stand in YAML between braces. */
  readonly settings: string
  /** Every record that a reader finds. */
  records(): Promise<Record<string, unknown>[]>
  /** Ends its server and returns when it serves again; left out where it has none. */
  kill?(): Promise<void>
}

const BUCKET = 'lake'

/** When its files end: any policy, and so early that there are many of them. */
export const anyRoll = (random: Random): string =>
  `roll: { rows: ${random.integer(300, 20_000)}, bytes: ${random.integer(100, 4_000)}kB, age: ${random.integer(50, 1500)}ms }`

export async function openLake(name: LakeName, folder: string, roll: string): Promise<Lake> {
  if (name === 'file') {
    const root = join(folder, 'lake')
    return {
      settings: `type: file, path: ${root}, ${roll}`,
      records: () => recordsIn(root),
      [Symbol.asyncDispose]: async () => {},
    }
  }
  const server = await startS3(BUCKET)
  const { access_key_id: id, secret_access_key: secret } = S3_KEYS
  const client = s3Client(server.url)
  const bucket = s3Bucket(client, BUCKET)
  return {
    settings: `type: s3, bucket: ${BUCKET}, endpoint: "${server.url}", access_key_id: ${id}, secret_access_key: ${secret}, ${roll}`,
    records: async () => {
      const found: Record<string, unknown>[] = []
      for (const key of await bucket.keys()) {
        const text = (await bucket.bytes(key)).toString()
        for (const line of text.trimEnd().split('\n')) found.push(JSON.parse(line) as Record<string, unknown>)
      }
      return found
    },
    kill: async () => {
      await server.kill9()
      await server.restart()
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy()
      await server.stop()
    },
  }
}

/** Of the records of a lake, each as often as it is there, and of those that differ. */
export async function checksumsOf(lake: Lake): Promise<{ readonly all: Checksum; readonly distinct: Checksum }> {
  const [all, distinct] = [new Tally(), new Tally()]
  const seen = new Set<string>()
  for (const record of await lake.records()) {
    const { coin_id: coin, price, market_cap: nonce } = record as Record<string, string>
    const figures = [coin, price, nonce] as [string, string, string]
    all.add(...figures)
    const text = figures.join('|')
    if (!seen.has(text)) distinct.add(...figures)
    seen.add(text)
  }
  return { all: all.checksum, distinct: distinct.checksum }
}
