import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { temporary } from '../../support/temporary.ts'
import { document, qicore } from './qicore.ts'

const { url } = await testDatabase()

async function projectOf(yaml: string) {
  const cwd = await temporary('destination')
  await writeFile(join(cwd, 'qicore.yaml'), yaml)
  return { cwd, run: (...args: readonly string[]) => qicore(args, { cwd, env: { DATABASE_URL: url, QICORE_SOURCES: 'none' } }) }
}

describe('qicore destination', () => {
  test('list names each with its type and its records', async () => {
    const { run } = await projectOf(
      'destinations:\n  lake: { type: file, path: lake, records: [price, trade] }\n  other: { type: file, path: other }\n',
    )
    const listed = document(await run('destination', 'list', '--json'))
    expect(listed).toMatchObject([
      { name: 'timescaledb', type: 'timescaledb' },
      { name: 'lake', type: 'file', records: ['price', 'trade'] },
      { name: 'other', type: 'file' },
    ])
    const { stdout } = await run('destination', 'list')
    expect(stdout).toMatch(/^lake +file +price, trade +Files/m)
    expect(stdout).toMatch(/^other +file +by pipelines +Files/m)
  })

  test('check says of each whether it works, and fails where one does not', async () => {
    const { cwd, run } = await projectOf(
      'destinations:\n  lake: { type: file, path: lake }\n  wrong: { type: file, path: taken/below }\n',
    )
    await mkdir(join(cwd, '.qicore'), { recursive: true })
    await writeFile(join(cwd, '.qicore', 'taken'), 'a file where a folder should be')
    expect(await run('destination', 'check', 'lake')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/✔ destination lake .*can be written/),
    })
    const all = await run('destination', 'check')
    expect(all.code).toBe(1)
    expect(all.stdout).toMatch(/✖ destination wrong .*ENOTDIR/)
    expect(all.stdout).toMatch(/✔ destination timescaledb/)
  })

  test('check of a name that is not there names those that are', async () => {
    const { run } = await projectOf('destinations:\n  lake: { type: file, path: lake }\n')
    expect(await run('destination', 'check', 'lak')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('did you mean lake'),
    })
  })
})
