import { abortable, type Logger, toQiError } from '../../base/index.ts'

/** How long a part of a destination may take to close, in milliseconds. */
const CLOSE_MS = 2_000

/** Closes a part of a destination; one that fails or does not end keeps nobody from stopping. */
export async function closeWithin(what: string, logger: Logger, close: () => PromiseLike<void>): Promise<void> {
  try {
    await abortable(Promise.resolve(close()), AbortSignal.timeout(CLOSE_MS))
  } catch (error) {
    logger.warn({ error: toQiError(error) }, `${what} could not be closed`)
  }
}
