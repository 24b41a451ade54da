import { defineAgent } from '../../../../base/index.ts'
import { CryptoPlatformAgent } from './CryptoPlatformAgent.ts'
import { cryptoPlatformSettings } from './settings.ts'

export const cryptoPlatform = defineAgent({
  name: 'crypto-platform',
  summary: 'Watches the platform’s health, starts again what fails, scales consumers to the lag, explains incidents',
  config: cryptoPlatformSettings,
  create: (settings, parts) => new CryptoPlatformAgent(parts, settings),
})
