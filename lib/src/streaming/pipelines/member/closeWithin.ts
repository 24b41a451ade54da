import { abortable } from '../../../base/networking/index.ts'
import { type Logger, toQiError } from '../../../base/types/index.ts'

const CLOSE_MS = 2_000

/** Closes a part of a destination. A close that fails, or takes longer than {@link CLOSE_MS}, is logged and does not hold up a stop. */
export async function closeWithin(part: string, logger: Logger, close: () => PromiseLike<void>): Promise<void> {
  try {
    await abortable(Promise.resolve(close()), AbortSignal.timeout(CLOSE_MS))
  } catch (error) {
    logger.warn({ err: toQiError(error) }, `${part} could not be closed`)
  }
}
