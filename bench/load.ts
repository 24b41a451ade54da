import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Requests in flight, over HTTP as for pgbench. */
export const CONNECTIONS = 16

export interface LoadOptions {
  readonly folder: string
  /** A fixed length of time, so that rounds are alike; 0: as little as will do, to see that it works. */
  readonly seconds: number
}

/** A path with `{n}`, which stands for a random number below `below`. */
export interface Requests {
  readonly path: string
  readonly below: number
}

/** wrk's requests per second. @throws Error when an answer was not 200, since a quick refusal is no answer */
export async function wrk(url: string, { path, below }: Requests, { folder, seconds }: LoadOptions): Promise<number> {
  const script = join(folder, 'requests.lua')
  await writeFile(
    script,
    `local seed = 7
function setup(thread) thread:set('seed', seed) seed = seed + 1 end
function init() math.randomseed(seed) end
function request() return wrk.format('GET', (string.gsub('${path}', '{n}', tostring(math.random(0, ${below - 1}))))) end
`,
  )
  const { stdout } = await run('wrk', [
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${Math.max(1, seconds)}s`,
    '--timeout',
    '30s',
    '-s',
    script,
    url,
  ])
  const failed = /(Non-2xx or 3xx responses|Socket errors):.*/.exec(stdout)
  if (failed) throw new Error(`${path}: ${failed[0]}`)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1])
}

/** The settings of a session of the server's readers, so that pgbench executes the same plans. */
const SESSION = '-c jit=off -c plan_cache_mode=force_generic_plan'

/** pgbench's transactions per second: the statement prepared, read as text, `:n` a random number below `below`. */
export async function pgbench(url: string, statement: string, below: number, { folder, seconds }: LoadOptions): Promise<number> {
  const script = join(folder, 'statement.sql')
  await writeFile(script, `\\set n random(0, ${below - 1})\n${statement.replaceAll(/\s+/g, ' ')};\n`)
  const length = seconds > 0 ? ['-T', String(seconds)] : ['-t', '10']
  const options = ['-n', '-M', 'prepared', '-c', String(CONNECTIONS), '-j', '1', ...length, '-f', script]
  const { stdout } = await run('pgbench', [...options, url], { env: { ...process.env, PGOPTIONS: SESSION } })
  return Number(/tps = ([\d.]+)/.exec(stdout)?.[1])
}
