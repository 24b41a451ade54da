import { randomInt } from 'node:crypto'
import type { ClientBase } from 'pg'
import { QiError } from '../types/index.ts'

/**
 * Keys of advisory locks of one store, in PostgreSQL's space of two 32-bit keys. They follow from a random number that the store
 * keeps where readers cannot see it: whoever else may take advisory locks cannot guess one that the platform waits for.
 *
 * | first key | second key | held by |
 * |---|---|---|
 * | members + id of a group | id of a member | the session of a live member of the embedded log |
 * | partitions + id of a group | id of a partition | the session of the member that owns the partition |
 * | shards | number of a part of the series | the worker that rolls it up |
 * | executors | hash of an executor | the process that carries workflows out |
 * | single | one of the numbers below | the one at a time that does the work |
 */
export interface LockKeys {
  readonly members: number
  readonly partitions: number
  readonly executors: number
  readonly shards: number
  /** Locks of one kind each: both keys. */
  readonly single: Readonly<Record<Single, readonly [number, number]>>
}

/** Work that one process of a store does at a time. */
const SINGLE = ['rollups', 'retention', 'takeover', 'launch', 'groups'] as const
type Single = (typeof SINGLE)[number]

/** Ids of groups stay below this, and sums within 32 bits with a sign. */
const SPACE = 2 ** 27
const BASES = 2 ** 29

const NAME = 'locks.base'

/** @returns what a new store keeps under the name `locks.base` */
export const newLockBase = (): string => `${randomInt(BASES)} ${randomInt(BASES)}`

/** Writes the numbers where there are none. Within the transaction that makes the table of settings. */
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
    throw new QiError('INTERNAL', `qicore_settings lacks ${NAME}; start the platform anew, which makes it`)
  const base = first as number
  const single = Object.fromEntries(SINGLE.map((name, at) => [name, [base + 3 * SPACE, (second as number) + at]]))
  return {
    members: base,
    partitions: base + SPACE,
    executors: base + 2 * SPACE,
    shards: base + 4 * SPACE,
    single: single as unknown as LockKeys['single'],
  }
}
