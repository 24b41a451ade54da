import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { availableServices, type ServiceName } from './run/available.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly available: readonly ServiceName[]
    /** Where the keeper is asked for what the files share. */
    readonly control: string
  }
}

/** Everything temporary of a run is in one folder, which the keeper removes. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'qicore-test-'))
  await chmod(folder, 0o755) // the PostgreSQL user has to get in
  process.env.TMPDIR = folder

  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'run/keeper.ts'), folder], {
    cwd: join(folder, '..'),
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(keeper, 'exit')
  const [port] = (await Promise.race([once(keeper.stdout, 'data'), ended.then(() => ['keeper did not start'])])) as [unknown]
  project.provide('available', availableServices())
  project.provide('control', `http://127.0.0.1:${String(port).trim()}`)

  return async () => {
    keeper.stdin.end()
    await ended
  }
}
