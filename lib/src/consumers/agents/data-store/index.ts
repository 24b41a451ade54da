import { defineAgent } from '../../../base/index.ts'
import { DataStoreAgent } from './DataStoreAgent.ts'
import { config } from './settings.ts'

export const dataStore = defineAgent({
  name: 'data-store',
  summary:
    'Sees that what is published is stored, examines the quality of what is held, and decides on retention and compression',
  config,
  create: (settings, parts) => new DataStoreAgent(settings, parts),
})
