import { QiError } from '../../../base/index.ts'

/** What a verb that found nothing gives instead. */
export function unlessNotFound(error: unknown): undefined {
  if (error instanceof QiError && error.code === 'NOT_FOUND') return undefined
  throw error
}
