import { readState } from './home/placement.ts'
import { DATABASE, READER } from './roles/superuser.ts'
import { findRunning } from './server/postmaster.ts'

/** The address of the readers' role at a port of this machine, without its password. */
export const readerAddress = (port: number | string): string => `postgres://${READER}@127.0.0.1:${port}/${DATABASE}`

/** The address of the readers' role at the running server of a home; undefined if none runs. Starts and creates nothing. */
export async function runningReaderAddress(home: string): Promise<string | undefined> {
  const { dataFolder } = await readState(home)
  const running = dataFolder === undefined ? undefined : await findRunning(dataFolder)
  return running?.ready ? readerAddress(running.port) : undefined
}
