import { link, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { askSocket, claimSocket } from '../../../app/cli/claim/claimSocket.ts'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { temporary } from '../../support/temporary.ts'

const held = new QiError('CONFLICT', 'held')

/** Refuses while a process listens on the socket. */
const claim = (path: string, answer = 'mine') =>
  claimSocket({ path, answer: () => answer, refusal: async () => ((await askSocket(path)) === undefined ? undefined : held) })

describe.skipIf(process.platform === 'win32')('a claim by a socket', () => {
  test('is refused while another one holds it, and free after its release', async () => {
    const path = join(await temporary('claim'), 'x.lock')
    const release = await claim(path)
    expect(await askSocket(path)).toBe('mine')
    await expect(claim(path)).rejects.toBe(held)
    await release()
    expect(await askSocket(path)).toBeUndefined()
    await (await claim(path))()
  })

  test('replaces a stale socket, as a killed process leaves it', async () => {
    const path = join(await temporary('claim'), 'x.lock')
    const child = createServer()
    await new Promise<void>((resolve) => child.listen({ path: `${path}.old` }, resolve))
    // A second name of the socket stays when the server closes, without a listener.
    await link(`${path}.old`, path)
    await new Promise((resolve) => child.close(resolve))
    expect((await stat(path)).isSocket()).toBe(true)
    const release = await claim(path)
    onTestFinished(release)
    expect(await askSocket(path)).toBe('mine')
  })

  test('never deletes a file of that name', async () => {
    const path = join(await temporary('claim'), 'x.lock')
    await writeFile(path, 'precious')
    await expect(claim(path)).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('is in the way') })
    expect(await readFile(path, 'utf8')).toBe('precious')
  })

  test('is held by a process that listens and does not answer', async () => {
    const path = join(await temporary('claim'), 'x.lock')
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen({ path }, resolve))
    onTestFinished(() => void silent.close())
    expect(await askSocket(path)).toBe('')
    await expect(claim(path)).rejects.toBe(held)
  })
})
