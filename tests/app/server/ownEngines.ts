import { afterAll } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { type Engines, openEngines } from './served.ts'

/** Opens engines on a database of the calling test file, and closes them after its tests. */
export async function ownEngines(): Promise<Engines> {
  const { url } = await testDatabase()
  const engines = await openEngines(url)
  afterAll(() => engines[Symbol.asyncDispose]())
  return engines
}
