import type { PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { askPlatform, type Health, type Part } from '../up/ask.ts'
import { findPlatform } from '../up/claim.ts'
import { type Finding, failed, ok } from './finding.ts'
import { checkPort } from './machine.ts'
import { tolerated } from './sources.ts'

/** The health of the running platform, part by part; where none runs, whether one could. */
export async function checkPlatform(config: PlatformConfig, signal: AbortSignal): Promise<Finding[]> {
  const running = await findPlatform(config.home)
  if (!running) return checkPort(config)
  const what = `runs: process ${running.pid}${running.url ? `, ${running.url}` : ', starting'}`
  if (!running.url) return [ok('platform', what, { pid: running.pid })]
  const { status, parts } = await askPlatform<Health>(running.url, '/health', config.server, signal)
  const unwell = parts.filter((part) => part.status !== 'up').map((part) => toldBy(part, config))
  const platform =
    status === 'down'
      ? failed('platform', `${what}; it says that it is down`, 'see the parts below; `qicore status` tells more')
      : ok('platform', `${what}; ${unwell.length === 0 ? 'every part of it is up' : `it says that it is ${status}`}`, {
          pid: running.pid,
        })
  return [platform, ...unwell]
}

function toldBy({ name, status, summary, action }: Part, config: PlatformConfig): Finding {
  const told = `the platform says ${status}: ${summary ?? 'it gives its reasons to those with its token alone'}`
  const finding = failed(name, told, action)
  return status === 'degraded' ? tolerated(config, finding) : finding
}
