import { QiError } from '../../../base/types/index.ts'

/** Turns NOT_FOUND into undefined. @throws any other error */
export function unlessNotFound(error: unknown): undefined {
  if (error instanceof QiError && error.code === 'NOT_FOUND') return undefined
  throw error
}
