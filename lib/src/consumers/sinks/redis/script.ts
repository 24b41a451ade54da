import { createHash } from 'node:crypto'
import type { Candidate } from './series.ts'

/** Ways to notify readers of a new latest record. */
export const NOTIFY = ['none', 'pubsub', 'stream'] as const
export type Notify = (typeof NOTIFY)[number]

/**
 * KEYS: one for each series, and last the stream. ARGV: the way to notify, the length of the stream; then for each series the version, the
 * record and its expiry. A record that has expired by the server's clock is left out; otherwise an old record that is delivered again
 * would return after the newer one has expired. Returns the number of new series and of expired records, then the indexes of keys with
 * values of another type.
 */
const SCRIPT = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {0, 0}
for i = 1, #KEYS - 1 do
  local key, v, d, expires = KEYS[i], ARGV[3 * i], ARGV[3 * i + 1], ARGV[3 * i + 2]
  local old = redis.pcall('HGET', key, 'v')
  if type(old) == 'table' then
    if not string.find(old.err, 'WRONGTYPE', 1, true) then return old end
    answer[#answer + 1] = i
  elseif tonumber(expires) <= now then
    answer[2] = answer[2] + 1
  else
    if not old then answer[1] = answer[1] + 1 end
    if not old or old < v then
      redis.call('HSET', key, 'v', v, 'd', d)
      redis.call('PEXPIREAT', key, expires)
      if ARGV[1] == 'pubsub' then
        redis.call('PUBLISH', key, d)
      elseif ARGV[1] == 'stream' then
        redis.call('XADD', KEYS[#KEYS], 'MAXLEN', '~', ARGV[2], '*', 'key', key, 'd', d)
      end
    end
  end
end
return answer`
const SHA = createHash('sha1').update(SCRIPT).digest('hex')

export interface ScriptOptions {
  readonly notify: Notify
  readonly streamLength: number
  /** Key of the stream; in a cluster, which has none, any key of the same slot. */
  readonly stream: string
}

export interface ScriptAnswer {
  readonly created: number
  readonly expired: number
  /** Indexes of keys that are not hashes. */
  readonly foreign: readonly number[]
}

/** Sends one command, in a cluster to the server of the key. */
export type Send = (key: string, command: readonly string[]) => Promise<unknown>

/** Stores the candidates that are later than the stored records, atomically. */
export async function keepLatest(
  send: Send,
  some: readonly Candidate[],
  { notify, streamLength, stream }: ScriptOptions,
): Promise<ScriptAnswer> {
  const rest = [String(some.length + 1)]
  for (const { key } of some) rest.push(key)
  rest.push(stream, notify, String(streamLength))
  for (const { version, json, expires } of some) rest.push(version, json, String(expires))
  const key = some[0]?.key ?? stream
  const answer = await send(key, ['EVALSHA', SHA, ...rest]).catch((error: unknown) => {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return send(key, ['EVAL', SCRIPT, ...rest])
  })
  const [created = 0, expired = 0, ...foreign] = answer as number[]
  return { created, expired, foreign: foreign.map((place) => place - 1) }
}
