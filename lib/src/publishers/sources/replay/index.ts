import { defineSource } from '../../../base/types/index.ts'
import { config } from './config.ts'
import { ReplaySource } from './ReplaySource.ts'

export type { ReplayConfig } from './config.ts'
export { type ReplayPosition, ReplaySource, type ReplaySourceParts } from './ReplaySource.ts'

export const replay = defineSource({
  name: 'replay',
  summary: 'Recorded files, our own records or CSV, at any speed; every record is marked replay',
  terms: {
    attribution: 'as for the provider of the recorded data',
    redistribution: 'as the provider of the recorded data allows',
  },
  config,
  finite: true,
  open: async (settings, { name, logger, interactions }) =>
    new ReplaySource({ name, config: settings, logger, parser: interactions }),
})
