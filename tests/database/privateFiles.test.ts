import { chmod, chown, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeDurably } from '../../lib/src/base/database/embedded/home/durable.ts'
import { readPrivate } from '../../lib/src/base/database/embedded/home/privateFiles.ts'
import { temporary } from '../support/temporary.ts'

const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

describe.skipIf(process.platform === 'win32')('a file of the home with a password', () => {
  test('is readable by this user alone, and a link in its place is not written through', async () => {
    const folder = await temporary('private')
    const [file, victim] = [join(folder, 'postgres.password'), join(folder, 'victim')]
    await writeFile(victim, 'as it was')
    await symlink(victim, `${file}.tmp`)
    await writeDurably(file, 'secret\n')
    expect([await mode(file), await readPrivate(file), await readFile(victim, 'utf8')]).toEqual(['600', 'secret', 'as it was'])
  })

  test('that others can read is closed to them, with a notice', async () => {
    const file = join(await temporary('private'), 'postgres.password')
    await writeFile(file, 'secret')
    await chmod(file, 0o666)
    const notices: string[] = []
    expect(await readPrivate(file, (line) => notices.push(line))).toBe('secret')
    expect([await mode(file), notices]).toEqual(['600', [expect.stringContaining(`${file} could be read by other users`)]])
    await readPrivate(file, (line) => notices.push(line))
    expect(notices).toHaveLength(1)
  })

  test('that is a link, or belongs to another user, is refused with a remedy', async () => {
    const folder = await temporary('private')
    const [file, link] = [join(folder, 'postgres.password'), join(folder, 'link')]
    await writeFile(file, 'secret', { mode: 0o600 })
    await symlink(file, link)
    await expect(readPrivate(link)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('move it away'),
    })
    if (process.geteuid?.() !== 0) return
    await chown(file, 54_321, 54_321)
    await expect(readPrivate(file)).rejects.toThrow(/belongs to another user \(uid 54321\)/)
  })

  test('that is missing reads as empty', async () => {
    expect(await readPrivate(join(await temporary('private'), 'none'))).toBe('')
  })
})
