import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { describeWith } from '../support/services.ts'
import { command, fuzz } from './fuzz.ts'

describeWith('schemathesis', 'a small run of npm run fuzz', () => {
  test('answers are as documented, none is a 5xx, and every refusal names field and remedy', async () => {
    const options = { requests: 200, seed: randomInt(1, 2 ** 31), phases: ['fuzzing'] } as const
    const { answers, problems } = await fuzz(options)
    expect(problems, command(options)).toEqual([])
    expect(answers).toMatchObject({ 200: expect.any(Number), 400: expect.any(Number), 404: expect.any(Number) })
  })
})
