import { randomInt } from 'node:crypto'
import type { ClientBase } from 'pg'
import { QiError } from '../../types/index.ts'

/**
 * Keys of a store's advisory locks, in PostgreSQL's space of two 32-bit keys. They are derived from random numbers that readers of the
 * store cannot see, so nobody else can guess a key and block the platform.
 *
 * | first key | second key | held by |
 * |---|---|---|
 * | members + id of a group | id of a member | the session of a live member of the embedded log |
 * | partitions + id of a group | id of a partition | the session of the member that owns the partition |
 * | shards | number of a shard of the series | the worker that rolls it up |
 * | executors | hash of an executor | the process that runs its workflows |
 * | compactions | hash of a destination | the process that compacts its days |
 * | single | a number for each kind of work | the only process that does this work |
 */
export interface LockKeys {
  readonly members: number
  readonly partitions: number
  readonly executors: number
  readonly shards: number
  readonly compactions: number
  /** Both keys of each lock that exists once. */
  readonly single: Readonly<Record<Single, readonly [number, number]>>
}

/** Work that only one process of a store may do at a time. */
const SINGLE = ['rollups', 'retention', 'takeover', 'launch', 'groups'] as const
type Single = (typeof SINGLE)[number]

/** Ids of groups stay below SPACE; with BASES all sums stay below 2^31. */
const SPACE = 2 ** 27
const BASES = 2 ** 29

const NAME = 'locks.base'

/** @returns random numbers that a new store keeps under the name `locks.base` */
export const newLockBase = (): string => `${randomInt(BASES)} ${randomInt(BASES)}`

/** Stores the random numbers if there are none. Runs in the transaction that creates the table of settings. */
export async function ensureLockBase(client: Pick<ClientBase, 'query'>): Promise<void> {
  await client.query('insert into qicore_settings (name, value) values ($1, $2) on conflict (name) do nothing', [
    NAME,
    newLockBase(),
  ])
}

/** @throws QiError INTERNAL before the first migration of a store */
export async function lockKeys(client: Pick<ClientBase, 'query'>): Promise<LockKeys> {
  const { rows } = await client.query('select value from qicore_settings where name = $1', [NAME])
  const [first, second] = String((rows[0] as { value: string } | undefined)?.value)
    .split(' ')
    .map(Number)
  if (!Number.isInteger(first) || !Number.isInteger(second))
    throw new QiError('INTERNAL', `qicore_settings lacks ${NAME}: restart the platform, which creates it`)
  const base = first as number
  const single = Object.fromEntries(SINGLE.map((name, at) => [name, [base + 3 * SPACE, (second as number) + at]]))
  return {
    members: base,
    partitions: base + SPACE,
    executors: base + 2 * SPACE,
    shards: base + 4 * SPACE,
    compactions: base + 5 * SPACE,
    single: single as unknown as LockKeys['single'],
  }
}
