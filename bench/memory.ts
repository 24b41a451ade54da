import { readFileSync } from 'node:fs'
import { resourceUsage } from 'node:process'

const KIB_PER_MB = 1024

/**
 * The most that was resident of this process since its start, in MB, as the kernel kept it. `resourceUsage` counts on Linux
 * the process too that this one was forked from.
 */
export function peakMegabytes(): number {
  const peak =
    process.platform === 'linux'
      ? Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
      : resourceUsage().maxRSS
  return peak / KIB_PER_MB
}
