import { defineAgent } from '../../../base/agent/index.ts'
import { DataStoreAgent } from './DataStoreAgent.ts'
import { config } from './settings.ts'

export const dataStore = defineAgent({
  name: 'data-store',
  summary: 'Checks that published records are stored, examines their quality, and decides on retention and compression',
  config,
  create: (settings, parts) => new DataStoreAgent(settings, parts),
})
