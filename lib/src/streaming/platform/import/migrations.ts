import type { Migrations } from '../../../base/database/index.ts'

/** Progress of imports: one row for each member of each file. `next` is the first row that is not stored yet. */
export const importMigrations: Migrations = {
  component: 'imports',
  files: [
    {
      version: 1,
      name: 'imports',
      sql: `
create table file_imports (
  id text collate "C" not null,
  member text collate "C" not null,
  path text not null,
  next bigint not null,
  finished boolean not null default false,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (id, member));
create index file_imports_updated on file_imports (updated_at);
`,
    },
  ],
}
