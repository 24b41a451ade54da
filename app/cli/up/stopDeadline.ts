import { cutConnections } from '../../../lib/src/base/index.ts'
import { EXIT } from '../exitCodes.ts'

/** When connections of databases are cut, and when the process ends whatever still runs, in milliseconds after the signal. */
const CUT_MS = 20_000
const END_MS = 30_000

/**
 * A stop ends in time although a database does not: first its connections are cut, so that what waits on them fails and the rest is
 * closed in order; then the process ends as it is.
 * @param tell called with a line as either happens
 */
export function startStopDeadline(tell: (line: string) => void): void {
  setTimeout(() => {
    const count = cutConnections()
    tell(
      `Not stopped after ${CUT_MS / 1000} s: ${count} database connections are cut; what is not stored yet is stored at the next start.`,
    )
  }, CUT_MS).unref()
  setTimeout(() => {
    tell(`Not stopped after ${END_MS / 1000} s: ended as it is; what is not stored yet is stored at the next start.`)
    process.exit(EXIT.failed)
  }, END_MS).unref()
}
