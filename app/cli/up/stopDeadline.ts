import { cutConnections } from '../../../lib/src/base/database/index.ts'
import { EXIT } from '../exitCodes.ts'

/** Milliseconds after the signal at which database connections are cut, and at which the process ends. */
const CUT_MS = 20_000
const END_MS = 30_000

/**
 * Bounds the time of a stop while a database hangs: first its connections are cut, so that pending queries fail and everything else closes in
 * order; later the process ends.
 * @param tell called with a line at each of the two
 */
export function startStopDeadline(tell: (line: string) => void): void {
  setTimeout(() => {
    const count = cutConnections()
    tell(
      `Not stopped after ${CUT_MS / 1000} s: ${count} database connections are cut; records that are not stored yet are stored at the next start.`,
    )
  }, CUT_MS).unref()
  setTimeout(() => {
    tell(
      `Not stopped after ${END_MS / 1000} s: the process ends now; records that are not stored yet are stored at the next start.`,
    )
    process.exit(EXIT.failed)
  }, END_MS).unref()
}
