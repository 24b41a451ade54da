import { open, rename } from 'node:fs/promises'

/** Writes a file beside its place, syncs it and renames it: a kill or a power cut leaves the old one or the new one. */
export async function writeDurably(file: string, text: string, mode = 0o644): Promise<void> {
  const handle = await open(`${file}.tmp`, 'w', mode)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.tmp`, file)
}
