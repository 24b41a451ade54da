import { type Migrations, networkingMigrations } from '../../base/index.ts'
import { streamMigrations } from '../embedded/index.ts'
import { pipelineMigrations } from '../pipelines/index.ts'
import type { PlatformConfig } from './config.ts'

/** Components that a platform of this configuration migrates beside those of the store. */
export const platformMigrations = ({ redpanda }: Pick<PlatformConfig, 'redpanda'>): readonly Migrations[] => [
  ...(redpanda.brokers ? [] : [streamMigrations]),
  pipelineMigrations,
  { component: 'networking', files: networkingMigrations },
]
