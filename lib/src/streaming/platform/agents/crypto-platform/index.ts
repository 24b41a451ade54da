import { defineAgent } from '../../../../base/agent/index.ts'
import { CryptoPlatformAgent } from './CryptoPlatformAgent.ts'
import { cryptoPlatformSettings } from './settings.ts'

export const cryptoPlatform = defineAgent({
  name: 'crypto-platform',
  summary: 'Watches the platform’s health, restarts failing parts, scales consumers by their lag, explains incidents',
  config: cryptoPlatformSettings,
  create: (settings, parts) => new CryptoPlatformAgent(parts, settings),
})
