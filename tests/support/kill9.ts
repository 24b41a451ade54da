import { findRunning } from '../../lib/src/base/database/embedded/server/postmaster.ts'
import { isAlive } from '../../lib/src/base/database/embedded/server/processes.ts'
import { until } from './until.ts'

/** Ends a process that is no child of ours. Until it is gone a killed server still takes connections, which it then resets. */
export async function kill9(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await until(async () => !(await isAlive(pid)), `the killed process ${pid} to be gone`)
}

/** The same for the embedded PostgreSQL of a data folder, which may just be coming back from the last time. */
export async function kill9Postgres(dataFolder: string): Promise<void> {
  const { pid } = await until(() => findRunning(dataFolder), `a PostgreSQL on ${dataFolder}`)
  await kill9(pid)
}
