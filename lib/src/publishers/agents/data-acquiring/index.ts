import { defineAgent } from '../../../base/index.ts'
import type { CoinGeckoConfig } from '../../sources/coingecko/index.ts'
import { budgetOf } from './budget.ts'
import { config } from './config.ts'
import { DataAcquiringAgent } from './DataAcquiringAgent.ts'

export const dataAcquiring = defineAgent({
  name: 'data-acquiring',
  summary: 'Keeps the instruments of a watch list as fresh as it promises, within the calls of the account, and fills their gaps',
  config,
  check({ watch }, all) {
    const sources = all.sources as readonly string[] | undefined
    if (watch.length === 0) return undefined
    const { problem } = budgetOf(watch, all.coingecko as CoinGeckoConfig, !sources || sources.includes('coingecko'))
    return problem === undefined ? undefined : { path: 'watch', message: problem }
  },
  create: (settings, parts) => new DataAcquiringAgent(settings, parts),
})
