import { PassThrough, Readable } from 'node:stream'

/** Sent to the process. */
export interface WarmRequest {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly input: string
}

const MAIN = new URL('../../../app/cli/main.ts', import.meta.url).href
const own = { ...process.env }
let runs = 0

/** One command in this process, with outputs, environment and exit of its own: everything is loaded already, which is most of what a command costs. */
async function run({ args, cwd, env, input }: WarmRequest) {
  process.chdir(cwd)
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args)
  const texts = { stdout: '', stderr: '' }
  const real = (['stdin', 'stdout', 'stderr', 'exit'] as const).map(
    (name) => [name, Object.getOwnPropertyDescriptor(process, name) as PropertyDescriptor] as const,
  )
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = new PassThrough({ highWaterMark: 1 << 30 }).setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
    Object.defineProperty(process, name, { configurable: true, value: stream })
  }
  Object.defineProperty(process, 'stdin', { configurable: true, value: Readable.from(input === '' ? [] : [Buffer.from(input)]) })
  const before = new Map(
    (['SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtException'] as const).map((name) => [name, process.listeners(name as 'SIGINT')]),
  )
  const { promise: exited, resolve: exit } = Promise.withResolvers<number>()
  Object.defineProperty(process, 'exit', { configurable: true, value: (code: number) => exit(code) })
  try {
    // A module of another address is evaluated again; those that it imports are not.
    await import(`${MAIN}?run=${runs++}`)
    const code = await exited
    await new Promise(setImmediate)
    return { code, ...texts }
  } finally {
    for (const [name, descriptor] of real) Object.defineProperty(process, name, descriptor)
    for (const [name, listeners] of before)
      for (const one of process.listeners(name as 'SIGINT')) if (!listeners.includes(one)) process.off(name, one)
    Object.assign(process.env, own)
    process.exitCode = undefined
  }
}

process.on('message', async (request: WarmRequest) => {
  process.send?.(await run(request).catch((error: Error) => ({ failure: error.stack })))
})
process.on('disconnect', () => process.exit(0))
