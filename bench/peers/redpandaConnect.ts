import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { LANES } from '../consume.ts'
import type { Peer } from './peer.ts'
import { redpandaConnectSettings } from './redpandaConnectSettings.ts'

export interface RedpandaConnectOptions {
  readonly binary: string
  readonly brokers: readonly string[]
  readonly databaseUrl: string
  /** For its files. */
  readonly folder: string
}

/** A process for each round; its start costs it nothing, since it is counted from its first row. */
export async function redpandaConnectPeer({ binary, brokers, databaseUrl, folder }: RedpandaConnectOptions): Promise<Peer> {
  const { stdout } = await promisify(execFile)(binary, ['--version'])
  const version = /Version:\s*v?(\S+)/i.exec(stdout)?.[1]
  let round = 0
  return {
    name: version ? `Redpanda Connect ${version}` : 'Redpanda Connect',
    async start(topic) {
      const group = `redpanda-connect-${process.pid}-${round++}`
      const file = join(folder, 'redpanda-connect.yaml')
      // JSON is YAML.
      await writeFile(
        file,
        JSON.stringify(redpandaConnectSettings({ brokers, topic, group, databaseUrl, inserts: LANES }), null, 2),
      )
      const child = spawn(binary, ['run', file], { stdio: ['ignore', 'pipe', 'pipe'] })
      const exited = once(child, 'exit')
      const failed = Promise.race([refusal(child), exited.then(([code]) => `it ended with code ${code}`)]).then((why) => {
        throw new Error(`Redpanda Connect: ${why}`)
      })
      failed.catch(() => {}) // whoever races it hears of it
      return {
        failed,
        async stop() {
          child.kill('SIGTERM')
          await exited
        },
      }
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** What it says when a batch could not be stored, which it would try for ever. */
function refusal({ stdout, stderr }: ChildProcessByStdio<null, Readable, Readable>): Promise<string> {
  return new Promise((resolve) => {
    for (const output of [stdout, stderr])
      createInterface(output).on('line', (line) => {
        if (line.includes('Failed to send message')) resolve(line)
      })
  })
}
