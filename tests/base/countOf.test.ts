import { expect, test } from 'vitest'
import { countOf } from '../../lib/src/base/types/index.ts'

test('a count selects the form of the noun and of the verb', () => {
  const texts = [0, 1, 2].map((count) => `${countOf(count, 'record')}, ${countOf(count, 'alert is active', 'alerts are active')}`)
  expect(texts).toEqual(['0 records, 0 alerts are active', '1 record, 1 alert is active', '2 records, 2 alerts are active'])
  expect(countOf(1n, 'byte')).toBe('1 byte')
})
