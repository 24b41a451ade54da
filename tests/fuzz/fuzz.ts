import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openapiDocument } from '../../app/server/index.ts'
import { openStore } from '../../lib/src/base/database/index.ts'
import { metricsOf } from '../support/metrics.ts'
import { startPlatform } from '../support/platformProcess.ts'
import { PHASES, type Phase, runSchemathesis } from './schemathesis.ts'
import { storeMarket } from './storedMarket.ts'

export interface FuzzOptions {
  /** At least so many, counted by the server. */
  readonly requests: number
  readonly seed: number
  readonly phases?: readonly Phase[]
  /** Called with each pass. */
  readonly say?: (line: string) => void
}

export interface FuzzFindings {
  /** How many answers had which status. */
  readonly answers: Readonly<Record<string, number>>
  readonly requests: number
  readonly problems: readonly string[]
}

export const command = ({ requests, seed }: FuzzOptions): string => `npm run fuzz -- --requests ${requests} --seed ${seed}`

/** Fuzzes `qicore up`, a process of its own over a store that holds some of everything. */
export async function fuzz(options: FuzzOptions): Promise<FuzzFindings> {
  const { requests, seed, phases = PHASES, say = () => {} } = options
  const folder = await mkdtemp(join(tmpdir(), 'qicore-fuzz-'))
  await chmod(folder, 0o755) // the PostgreSQL user has to get in
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  await writeFile(join(folder, 'qicore.yaml'), 'sources: { run: [] }\n')
  const home = join(folder, '.qicore')
  const store = stack.use(await openStore({ home }))
  await storeMarket(store)
  // A viewer: what is made up must start no services and write nothing.
  const platform = await startPlatform(folder, { QICORE_HOME: home, QICORE_LOOPBACK_ROLE: 'viewer' })
  stack.defer(() => platform.kill9())

  const before = await answersOf(platform.url)
  const since = async () => minus(await answersOf(platform.url), before)
  const paths = Object.values(openapiDocument().paths as Record<string, Record<string, { readonly parameters?: unknown }>>)
  // One that takes nothing is soon through with what can be asked of it.
  const routes = paths.flatMap((methods) => Object.values(methods)).filter(({ parameters }) => parameters !== undefined).length
  const problems: string[] = []
  for (let pass = 0, given = 0; given < requests && problems.length === 0; pass++) {
    const found = await runSchemathesis(platform.url, {
      seed: seed + pass,
      phases: pass === 0 ? phases : ['fuzzing'],
      cases: Math.ceil((requests - given) / routes),
      folder,
    })
    if (found) problems.push(found)
    given = sum(await since())
    say(`after pass ${pass + 1}: ${given} requests answered`)
  }
  const answers = await since()
  const failed = Object.keys(answers).filter((status) => status.startsWith('5'))
  if (failed.length > 0) problems.push(`answers with status ${failed.join(', ')}; the platform printed:\n${platform.output()}`)
  const code = await platform.stop()
  if (code !== 0) problems.push(`the platform ended with code ${code}:\n${platform.output()}`)
  return { answers, requests: sum(answers), problems }
}

type Answers = Readonly<Record<string, number>>

/** A tool may ask what is not part of the platform, such as Docker, and say that it cannot be reached; checks.py reads what it says. */
const TOOL = '/api/v1/tools/{name}'

async function answersOf(url: string): Promise<Answers> {
  const found: Record<string, number> = {}
  for (const { labels, value } of (await metricsOf(url)).all('qicore_http_requests_total'))
    if (!(labels.status === '503' && labels.route === TOOL))
      found[labels.status as string] = (found[labels.status as string] ?? 0) + value
  return found
}

const minus = (answers: Answers, before: Answers): Answers =>
  Object.fromEntries(
    Object.entries(answers)
      .map(([status, count]) => [status, count - (before[status] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  )

const sum = (answers: Answers): number => Object.values(answers).reduce((a, b) => a + b, 0)
