import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'

/** A folder that lasts as long as the test, and that the user under whom the embedded server runs can reach. */
export async function temporary(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `qicore-${name}-`))
  await chmod(folder, 0o755)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A folder that lasts as long as the test file. */
export async function suiteFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `qicore-${name}-`))
  await chmod(folder, 0o755)
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return folder
}
