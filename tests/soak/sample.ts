import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { metricsOf } from '../support/metrics.ts'

/** A platform at one moment. Figures that a system does not give are NaN. */
export interface Sample {
  /** Seconds since the load began. */
  readonly at: number
  /** Bytes: resident, of JavaScript's heap in use, of buffers beside it. */
  readonly rss: number
  readonly heap: number
  readonly external: number
  /** Open file descriptors, and how many of them are sockets. */
  readonly descriptors: number
  readonly sockets: number
  /** Handles that keep the event loop alive: sockets, timers, watchers. */
  readonly resources: number
  /** Records appended and not yet stored. */
  readonly lag: number
}

export async function sample({ url, pid }: { readonly url: string; readonly pid: number }, at: number): Promise<Sample> {
  const [metrics, handles] = await Promise.all([metricsOf(url), handlesOf(pid)])
  return {
    at,
    rss: metrics.sum('process_resident_memory_bytes'),
    heap: metrics.sum('nodejs_heap_size_used_bytes'),
    external: metrics.sum('nodejs_external_memory_bytes'),
    ...handles,
    resources: metrics.sum('nodejs_active_resources'),
    lag: metrics.sum('qicore_consumer_lag_records'),
  }
}

/** Linux has them under /proc. */
async function handlesOf(pid: number): Promise<Pick<Sample, 'descriptors' | 'sockets'>> {
  const folder = `/proc/${pid}/fd`
  const open = await readdir(folder).catch(() => undefined)
  if (!open) return { descriptors: Number.NaN, sockets: Number.NaN }
  const targets = await Promise.all(open.map((name) => readlink(join(folder, name)).catch(() => '')))
  return { descriptors: open.length, sockets: targets.filter((target) => target.startsWith('socket:')).length }
}
