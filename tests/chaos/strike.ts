import { setTimeout } from 'node:timers/promises'
import type { Engines } from './engines.ts'
import type { Lake } from './lake.ts'
import type { Fault } from './plan.ts'
import type { Restartable } from './subject.ts'

/** Makes it happen, and returns when the cause is gone. The process under test has to recover by itself. */
export async function strike(fault: Fault, engines: Engines, subject: Restartable, lake?: Lake): Promise<void> {
  if (fault.kind === 'kill') {
    if (fault.victim === 'platform') return subject.killAndStart(fault.way, fault.restartMs)
    if (fault.victim === 'bucket') return lake?.kill?.()
    return fault.victim === 'postgres' ? engines.killPostgres() : engines.killBroker()
  }
  // PostgreSQL keeps the session of a process that stands still for as long as its connection is there.
  if (fault.kind === 'stop') return subject.replace(fault, () => engines.networks.postgres.cut())
  const network = engines.networks[fault.network]
  if (!network) throw new Error(`there is no network before ${fault.network}`)
  if (fault.kind === 'lose') return network.lose()
  if (fault.kind === 'drop') network.drop()
  else if (fault.kind === 'slow') network.slow(fault)
  else network.hold()
  await setTimeout(fault.forMs)
  if (fault.kind === 'hold' && fault.cut) network.cut()
  network.heal()
}
