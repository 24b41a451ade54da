import { expect } from 'vitest'
import type { Store } from '../../../lib/src/base/database/index.ts'
import {
  encodedBatch,
  type Logger,
  type Price,
  price,
  type RecordType,
  type SegmentSink,
  type SegmentWriter,
  silentLogger,
} from '../../../lib/src/base/types/index.ts'
import { gcs } from '../../../lib/src/consumers/sinks/gcs/index.ts'
import { s3 } from '../../../lib/src/consumers/sinks/s3/index.ts'
import { S3_KEYS } from '../../support/objectServers.ts'
import { suiteFolder } from '../../support/temporary.ts'

export const BUCKET = 'lake'
export const never = new AbortController().signal

export interface Opening {
  readonly name?: string
  readonly pipeline?: string
  readonly logger?: Logger
  readonly store?: Store
}

/** Opens a destination on an endpoint, with these settings besides bucket and keys. */
export type Open = (settings: Record<string, unknown>, opening?: Opening) => Promise<SegmentSink>

const home = await suiteFolder('objects')
const contextOf = ({ name = 'lake', pipeline = name, logger = silentLogger, store }: Opening = {}) => ({
  ...{ name, pipeline, logger, home },
  signal: never,
  store: store as Store,
})

export const openingS3 =
  (endpoint: () => string): Open =>
  async (settings, opening) =>
    (await s3.open(
      s3.config.parse({ bucket: BUCKET, endpoint: endpoint(), ...S3_KEYS, ...settings }),
      contextOf(opening),
    )) as SegmentSink

export const openingGcs =
  (endpoint: () => string): Open =>
  async (settings, opening) =>
    (await gcs.open(
      gcs.config.parse({ bucket: BUCKET, endpoint: endpoint(), anonymous: true, ...settings }),
      contextOf(opening),
    )) as SegmentSink

const type = price as unknown as RecordType

export const batchOf = (records: readonly Price[], first = 0, partition = 0) =>
  encodedBatch(
    price.topic,
    partition,
    records.map((record, i) => ({
      offset: BigInt(first + i),
      key: price.messageKey(record),
      value: Buffer.from(price.encode(record)),
      timestamp: 0,
    })),
  )

/** A lane with unsealed records. */
export async function laneOf(sink: SegmentSink, records: readonly Price[], first = 0): Promise<SegmentWriter> {
  const writer = await sink.openLane({ index: 0 })
  expect(await writer.add(type, batchOf(records, first))).toEqual([])
  return writer
}

export const keep = async (sink: SegmentSink, records: readonly Price[], first = 0) =>
  (await laneOf(sink, records, first)).seal(never)
