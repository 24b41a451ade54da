import { execFileSync } from 'node:child_process'
import { mkdir, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A file system of its own in a folder, as long as `body` runs. Needs `tmpfs` of the services. */
export async function withDisk(folder: string, size: string, body: (root: string) => Promise<void>): Promise<void> {
  const root = join(folder, size)
  await mkdir(root)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'qicore-test', root])
  try {
    await body(root)
  } finally {
    execFileSync('umount', [root])
  }
}

/** Leaves no free space on the file system of a folder. */
export async function fill(root: string): Promise<void> {
  const { bavail, bsize } = await statfs(root)
  await writeFile(join(root, 'filler'), Buffer.alloc(bavail * bsize))
}
