import { execFile } from 'node:child_process'
import { mkdtemp, rm, statfs, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Scenario } from '../scenario.ts'
import { underLoad } from '../underLoad.ts'
import { watch } from '../watch.ts'

const run = promisify(execFile)
/** A new cluster with its write-ahead log takes about 300 MB of it. */
const SIZE_MB = 700

/** A small file system in memory; unmounted and removed when disposed. */
async function smallDisk(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'qicore-disk-'))
  await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m,mode=755`, 'qicore-chaos', folder])
  return {
    folder,
    [Symbol.asyncDispose]: async () => {
      // The server that has it open may need a moment to be gone.
      await run('umount', ['-l', folder])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Takes all that is left. @returns gives it back */
async function fill(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'filler')
  const { bavail, bsize } = await statfs(folder)
  const take = (bytes: number) => writeFile(file, Buffer.alloc(bytes), { flag: 'a' })
  await take(Math.max(0, bavail * bsize - 1024 * 1024)).catch(() => {})
  for (let full = false; !full; )
    await take(4096).catch(() => {
      full = true
    })
  return () => unlink(file)
}

/** The disk that store and stream lie on is full for a while. */
export const scenario: Scenario = {
  name: 'full-disk',
  summary: 'the disk of store and stream is full; reads go on, and all is stored once there is room again',
  needs: ['tmpfs'],
  run: async (context) => {
    await using disk = await smallDisk()
    return await underLoad(context, { name: 'full-disk', folder: disk.folder }, async ({ platform, produced, stored, wait }) => {
      const reads = watch(`${platform().url}/api/v1/prices/latest?coins=coin-1`)
      const free = await fill(disk.folder)
      context.say(`full at ${produced()} produced`)
      await wait(async () => {
        const before = produced()
        await setTimeout(2000)
        return produced() === before
      }, 'appends to be refused')
      await setTimeout(context.seconds * 1000)
      await wait(
        async () => /space|disk/i.test(await (await fetch(`${platform().url}/health`)).text()),
        'the health to speak of the disk',
      )
      const before = produced()
      await free()
      const freed = performance.now()
      const { failed, slowestMs } = await reads.stop()
      await wait(async () => produced() > before && (await stored()) >= before, 'prices to be stored again')
      return {
        storedAgainMs: Math.round(performance.now() - freed),
        slowestMs,
        problems: [failed.length > 0 && `reads failed ${failed.length} times: ${failed[0]}`],
      }
    })
  },
}
