import { memoryUsage } from 'node:process'

const EVERY_MS = 20
const MB = 1024 * 1024

/** Watches the memory of this process while work is done; the most of it that was resident, in MB. */
export async function peakMemory(work: () => Promise<void>): Promise<number> {
  let most = memoryUsage.rss()
  const watch = setInterval(() => {
    most = Math.max(most, memoryUsage.rss())
  }, EVERY_MS)
  try {
    await work()
  } finally {
    clearInterval(watch)
  }
  return most / MB
}
