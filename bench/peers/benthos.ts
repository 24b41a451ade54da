import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { LANES } from '../consume.ts'
import { type BenthosInput, benthosSettings, franzInput, redpandaInput } from './benthosSettings.ts'
import type { Peer, PeerRun } from './peer.ts'

/** A program of the Benthos family: Redpanda Connect, or its free fork Bento. Both run the same configuration. */
export interface BenthosProgram {
  readonly name: string
  /** Arguments in front of the configuration's file. */
  readonly run: readonly string[]
  /** The faster of the inputs that read Kafka. */
  readonly input: BenthosInput
}

export const BENTO: BenthosProgram = { name: 'Bento', run: ['run'], input: franzInput }

export const REDPANDA_CONNECT: BenthosProgram = {
  name: 'Redpanda Connect',
  run: ['run', '--disable-telemetry'],
  input: redpandaInput,
}

export interface BenthosOptions {
  readonly program: BenthosProgram
  readonly binary: string
  readonly brokers: readonly string[]
  readonly databaseUrl: string
  /** For its files. */
  readonly folder: string
}

/** A process for each round; its start costs it nothing, since it is counted from its first row. */
export async function benthosPeer({ program, binary, brokers, databaseUrl, folder }: BenthosOptions): Promise<Peer> {
  const { input } = program
  let round = 0
  return {
    name: await versionOf(program, binary),
    async start(topic) {
      const group = `peer-${process.pid}-${round++}`
      const settings = benthosSettings({ input: input({ brokers, topic, group }), databaseUrl, inserts: LANES })
      return startBenthos(program, binary, folder, settings)
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** Its name and version. */
export async function versionOf({ name }: BenthosProgram, binary: string): Promise<string> {
  const { stdout } = await promisify(execFile)(binary, ['--version'])
  const version = /Version:\s*v?(\S+)/i.exec(stdout)?.[1]
  return version ? `${name} ${version}` : name
}

/** A process of it. @param folder for its file of settings */
export async function startBenthos(
  { name, run }: BenthosProgram,
  binary: string,
  folder: string,
  settings: object,
): Promise<PeerRun & { readonly pid: number }> {
  const file = join(folder, 'peer.yaml')
  await writeFile(file, JSON.stringify(settings, null, 2)) // JSON is YAML
  const child = spawn(binary, [...run, file], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  const failed = Promise.race([refusal(child), exited.then(([code]) => `it ended with code ${code}`)]).then((why) => {
    throw new Error(`${name}: ${why}`)
  })
  failed.catch(() => {}) // the caller that races it gets the error
  return {
    pid: child.pid as number,
    failed,
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** The first error about a batch that could not be stored: the program would retry it for ever. */
function refusal({ stdout, stderr }: ChildProcessByStdio<null, Readable, Readable>): Promise<string> {
  return new Promise((resolve) => {
    for (const output of [stdout, stderr])
      createInterface(output).on('line', (line) => {
        if (line.includes('Failed to send message')) resolve(line)
      })
  })
}
