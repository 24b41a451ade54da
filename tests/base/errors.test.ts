import { expect, test } from 'vitest'
import { QiError, toQiError } from '../../lib/src/base/types/index.ts'

test('of a failure and a failure to close after it, the first is reported', () => {
  const first = new QiError('CONFLICT', 'the table has changed')
  const closing = new QiError('CLOSED', 'it is not open')
  expect(toQiError(new SuppressedError(closing, first))).toBe(first)
})
