const TIMES = ['time', 'received_at']
  .map((column) => `${column} >= '0001-01-01 00:00:00+00' and ${column} <= '2255-06-05 23:47:34.740991+00'`)
  .join(' and ')
/** SQL condition: a figure is absent, or neither NaN nor an infinity. */
const readable = (column: string): string => `(${column} is null or scale(${column}) is not null)`

/** Corporate actions, and observations of economic series: one row per vintage. */
export const createActions = `
create table corporate_actions_rows (
  series bigint not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  action text collate "C" not null,
  ratio_from numeric,
  ratio_to numeric,
  amount numeric,
  currency text collate "C",
  primary key (series, time, action)
);
alter table corporate_actions_rows add constraint corporate_actions_readable check (${TIMES} and ${['ratio_from', 'ratio_to', 'amount'].map(readable).join(' and ')}) not valid;
create table observations_rows (
  series bigint not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  value numeric,
  realtime_start text collate "C" not null,
  units text collate "C" not null,
  primary key (series, time, realtime_start)
);
alter table observations_rows add constraint observations_readable check (${TIMES} and ${readable('value')}) not valid;
`
