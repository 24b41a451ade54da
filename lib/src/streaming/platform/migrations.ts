import { type Migrations, networkingMigrations } from '../../base/database/index.ts'
import { streamMigrations } from '../embedded/index.ts'
import { pipelineMigrations } from '../pipelines/index.ts'
import type { PlatformConfig } from './config.ts'
import { importMigrations } from './import/migrations.ts'

/** Migrations of a platform with this configuration, besides those of the store. */
export const platformMigrations = ({ redpanda }: Pick<PlatformConfig, 'redpanda'>): readonly Migrations[] => [
  ...(redpanda.brokers ? [] : [streamMigrations]),
  pipelineMigrations,
  importMigrations,
  { component: 'networking', files: networkingMigrations },
]
