import type { PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { findPlatform } from '../claim/project.ts'
import { askPlatform, type Health, type Part } from '../up/ask.ts'
import { type Finding, failed, ok } from './finding.ts'
import { checkPort } from './machine.ts'
import { tolerated } from './sources.ts'

/** The health of the running platform, part by part; if none runs, a check of its port. */
export async function checkPlatform(config: PlatformConfig, signal: AbortSignal): Promise<Finding[]> {
  const running = await findPlatform(config.home)
  if (!running) return checkPort(config)
  const where = `runs: process ${running.pid}${running.url ? `, ${running.url}` : ', starting'}`
  if (!running.url) return [ok('platform', where, { pid: running.pid })]
  const { status, parts } = await askPlatform<Health>(running.url, '/health', config.server, signal)
  const unwell = parts.filter((part) => part.status !== 'up').map((part) => toldBy(part, config))
  const platform =
    status === 'down'
      ? failed('platform', `${where}; its health is down`, 'see the parts below, and `qicore status`')
      : ok('platform', `${where}; ${unwell.length === 0 ? 'every part is up' : `its health is ${status}`}`, {
          pid: running.pid,
        })
  return [platform, ...unwell]
}

function toldBy({ name, status, summary, action }: Part, config: PlatformConfig): Finding {
  const told = `the platform says ${status}: ${summary ?? 'send its token to see the reason'}`
  const finding = failed(name, told, action)
  return status === 'degraded' ? tolerated(config, finding) : finding
}
