import { defineAgent } from '../../../base/agent/index.ts'
import type { SourcesConfig } from '../../../base/types/index.ts'
import type { CoinGeckoConfig } from '../../sources/coingecko/index.ts'
import { notCoinGecko } from '../shared/notCoinGecko.ts'
import { budgetOf } from './budget.ts'
import { config } from './config.ts'
import { DataAcquiringAgent } from './DataAcquiringAgent.ts'

export const dataAcquiring = defineAgent({
  name: 'data-acquiring',
  summary: 'Keeps the instruments of a watch list as fresh as promised, within the calls of the account, and fills their gaps',
  config,
  check({ watch, source }, { sources }) {
    const { run, instances } = sources as SourcesConfig
    const found = instances.get(source)
    if (found?.type.name !== 'coingecko') return { path: 'source', message: notCoinGecko(source, instances) }
    if (watch.length === 0) return undefined
    const runs = run ? run.includes(source) : source === 'coingecko'
    const { problem } = budgetOf(watch, found.settings as unknown as CoinGeckoConfig, runs)
    return problem === undefined ? undefined : { path: 'watch', message: problem }
  },
  create: (settings, parts) => new DataAcquiringAgent(settings, parts),
})
