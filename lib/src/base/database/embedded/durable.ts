import { open, rename, rm } from 'node:fs/promises'

/**
 * Writes a file for its user alone beside its place, syncs it and renames it: a kill or a power cut leaves the old one or the new one.
 * A file or link that has that name already is not written through.
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
