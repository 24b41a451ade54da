import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Arguments and environment of a run of the double. */
export interface DoubleRun {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface RedpandaDouble {
  /** The folder to put on the PATH. */
  readonly path: string
  /** Its runs until now, the first first. */
  runs(): Promise<readonly DoubleRun[]>
}

export interface DoubleOptions {
  /** How long `lint` takes. */
  readonly lintMs?: number
  /** Stderr of a `lint` that refuses; unset accepts. */
  readonly refuses?: string
}

/**
 * A program `redpanda-connect` that accepts `mcp-server lint FOLDER` and speaks MCP as `mcp-server FOLDER`: a tool for each resource,
 * which fails with a protocol error, as the handlers of the real program do.
 */
export async function redpandaDouble(folder: string, { lintMs = 0, refuses }: DoubleOptions = {}): Promise<RedpandaDouble> {
  const log = join(folder, 'runs.ndjson')
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await writeFile(log, '')
  await writeFile(
    join(folder, 'program.mjs'),
    `import { appendFileSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
const args = process.argv.slice(2)
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ args, env: process.env }) + '\\n')
if (args[1] === 'lint') {
  setTimeout(() => {
    ${refuses === undefined ? '' : `process.stderr.write(${JSON.stringify(refuses)})`}
    process.exit(${refuses === undefined ? 0 : 1})
  }, ${lintMs})
} else {
  const names = ['inputs', 'outputs'].flatMap((kind) => {
    try { return readdirSync(args[1] + '/resources/' + kind).map((file) => file.replace('.yaml', '')) } catch { return [] }
  })
  const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n')
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line)
    if (method === 'initialize') say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'double', version: '4.106.0' } } })
    else if (method === 'tools/list') say({ id, result: { tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })) } })
    else if (method === 'tools/call') say({ id, error: { code: -32603, message: 'message 0 is missing a value' } })
  }
}
`,
  )
  const program = join(bin, 'redpanda-connect')
  await writeFile(program, `#!/bin/sh\nexec ${process.execPath} ${join(folder, 'program.mjs')} "$@"\n`)
  await chmod(program, 0o755)
  return {
    path: bin,
    runs: async () =>
      (await readFile(log, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as DoubleRun),
  }
}
