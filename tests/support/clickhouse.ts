import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../bench/freePort.ts'
import { chdb } from './run/available.ts'
import type { ClickHouseUser } from './run/clickhouseServer.ts'
import { until } from './until.ts'

export interface ClickHouseServer {
  readonly url: string
  /** Runs a statement as its administrator. @returns rows */
  sql<T = Record<string, unknown>>(statement: string): Promise<T[]>
  kill9(): Promise<void>
  /** Suspends it, so that it takes connections and answers nothing; {@link ClickHouseServer.resume} lets it go on. */
  suspend(): void
  resume(): void
  /** Starts it again on the same folder and port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const USERS: Readonly<Record<string, ClickHouseUser>> = {
  default: { password: '', mayWrite: true },
  writer: { password: 'open-sesame', mayWrite: true },
  reader: { password: 'let-me-read', mayWrite: false },
}

/** The engine of ClickHouse behind an HTTP interface of ours, on loopback. */
export async function startClickHouse(): Promise<ClickHouseServer> {
  const dir = await mkdtemp(join(tmpdir(), 'qicore-clickhouse-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const launch = async () => {
    const program = join(import.meta.dirname, 'run/clickhouseServer.ts')
    const child = spawn(process.execPath, [program, dir, String(port), chdb(), JSON.stringify(USERS)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      detached: true, // a Ctrl-C is for the run
    })
    const ended = once(child, 'exit')
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`the engine ended with code ${child.exitCode}`)
      return (await fetch(`${url}/ping`)).ok
    }, 'ClickHouse to answer')
    return { child, ended }
  }
  let running = await launch()
  const kill = async () => {
    running.child.kill('SIGKILL')
    await running.ended
  }
  return {
    url,
    sql: async <T>(statement: string) => {
      const authorization = `Basic ${Buffer.from('default:').toString('base64')}`
      const response = await fetch(url, { method: 'POST', body: statement, headers: { authorization } })
      const text = await response.text()
      if (!response.ok) throw new Error(text)
      return (
        /format\s+JSONEachRow\s*$/i.test(statement)
          ? text
              .split('\n')
              .filter(Boolean)
              .map((line) => JSON.parse(line))
          : []
      ) as T[]
    },
    kill9: kill,
    suspend: () => running.child.kill('SIGSTOP'),
    resume: () => running.child.kill('SIGCONT'),
    restart: async () => {
      await kill()
      running = await launch()
    },
    stop: async () => {
      await kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
