import { once } from 'node:events'
import { chmod, chown, mkdir, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { claimProject, findPlatform, isTrusted } from '../../../app/cli/claim/project.ts'
import { socketOf } from '../../../app/cli/claim/socketPath.ts'
import { temporary } from '../../support/temporary.ts'

const isRoot = process.geteuid?.() === 0
const someoneElse = 54_321

/** A home whose path is too long for a socket. */
const longHome = async () => join(await temporary('claim'), 'x'.repeat(100))
const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

/** A server that answers on a socket as a platform does. */
async function squat(path: string, answer: unknown): Promise<void> {
  const server = createServer((socket) => socket.end(JSON.stringify(answer)))
  server.listen(path)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
}

afterEach(() => vi.unstubAllEnvs())

describe.skipIf(process.platform === 'win32')('the socket of a platform', () => {
  test('is in its home, which only this user can open', async () => {
    const home = join(await temporary('claim'), '.qicore')
    const claim = await claimProject(home)
    onTestFinished(() => claim.release())
    claim.announce('http://127.0.0.1:8787')
    expect(await socketOf(home)).toBe(join(home, 'up.sock'))
    // As root, the user of the database must be able to enter it.
    expect(await mode(home)).toBe(isRoot ? '711' : '700')
    expect(await findPlatform(home)).toEqual({ pid: process.pid, url: 'http://127.0.0.1:8787' })
    await expect(claimProject(home)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('is in the private runtime folder if its path would be too long, and in another folder if that one is not private', async () => {
    const home = await longHome()
    const runtime = join(await temporary('run'), 'user')
    await mkdir(runtime, { mode: 0o700 })
    vi.stubEnv('XDG_RUNTIME_DIR', runtime)
    expect((await socketOf(home)).startsWith(`${runtime}/`)).toBe(true)
    await chmod(runtime, 0o755)
    const shared = await temporary('shared')
    vi.stubEnv('TMPDIR', shared)
    const path = await socketOf(home)
    expect(path.startsWith(join(shared, `qicore-${process.geteuid?.()}/`))).toBe(true)
    expect(await mode(join(path, '..'))).toBe('700')
  })

  test.each([
    ['is open to others', (folder: string) => mkdir(folder).then(() => chmod(folder, 0o777))],
    ['is a link', async (folder: string) => symlink(await temporary('elsewhere'), folder)],
    ['is a file', async (folder: string) => writeFile(folder, '')],
  ])('has no place if the folder of this user %s: the error has a remedy', async (_, prepare) => {
    const shared = await temporary('shared')
    vi.stubEnv('XDG_RUNTIME_DIR', '')
    vi.stubEnv('TMPDIR', shared)
    await prepare(join(shared, `qicore-${process.geteuid?.()}`))
    const home = await longHome()
    for (const work of [claimProject, findPlatform])
      await expect(work(home)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('XDG_RUNTIME_DIR'),
      })
  })

  test.runIf(isRoot)('is trusted only if this user made it', async () => {
    const home = await temporary('claim')
    const path = await socketOf(home)
    await squat(path, { pid: 1, url: 'http://127.0.0.1:1' })
    expect(await findPlatform(home)).toMatchObject({ pid: 1 })
    await chown(path, someoneElse, someoneElse)
    expect(await findPlatform(home)).toBeUndefined()
  })

  test.each([
    [{}],
    [{ pid: 'x' }],
    [{ pid: 1, url: 'https://evil.example' }],
    [{ pid: 1, url: 'http://me:x@127.0.0.1' }],
    [{ pid: 1, url: 'http://127.0.0.1/path?' }],
    [[]],
    [null],
  ])('with the answer %j is no platform', async (answer) => {
    const home = await temporary('claim')
    await squat(await socketOf(home), answer)
    expect(await findPlatform(home)).toBeUndefined()
  })
})

test.each([
  ['http://127.0.0.1:8787', '127.0.0.1', true],
  ['http://localhost:1', '0.0.0.0', true],
  ['http://[::1]:8787', '::', true],
  ['http://192.168.1.5:8787', '192.168.1.5', true],
  ['http://192.168.1.5:8788', '192.168.1.5', false],
  ['http://192.168.1.6:8787', '192.168.1.5', false],
  ['http://evil.example:8787', '127.0.0.1', false],
  ['http://127.0.0.1.evil.example:8787', '127.0.0.1', false],
])('the token goes to %s of a server at %s: %s', (url, host, trusted) => {
  expect(isTrusted(url, { host, port: 8787 })).toBe(trusted)
})
