import { open, rename, rm } from 'node:fs/promises'

/**
 * Writes a file that only its user can read: beside its place, synced, then renamed, so a kill or a power cut leaves the old file or the
 * new one. An existing file or link of that name is replaced, not written through.
 */
export async function writeDurably(file: string, text: string): Promise<void> {
  await rm(`${file}.tmp`, { force: true })
  const handle = await open(`${file}.tmp`, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.tmp`, file)
}
