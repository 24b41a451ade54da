/** Alerts of agents and pipelines: one row per alert, from raised to cleared. */
export const createAlerts = `
create table alerts_rows (
  series bigint not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  raised_by text collate "C" not null,
  severity text collate "C" not null,
  value numeric,
  message text collate "C" not null,
  as_of timestamptz not null,
  cleared_at timestamptz,
  primary key (series, time, raised_by)
);
alter table alerts_rows add constraint alerts_readable check (time >= '0001-01-01 00:00:00+00' and time <= '2255-06-05 23:47:34.740991+00' and received_at >= '0001-01-01 00:00:00+00' and received_at <= '2255-06-05 23:47:34.740991+00' and as_of >= '0001-01-01 00:00:00+00' and as_of <= '2255-06-05 23:47:34.740991+00' and (cleared_at is null or cleared_at >= '0001-01-01 00:00:00+00' and cleared_at <= '2255-06-05 23:47:34.740991+00') and (value is null or scale(value) is not null)) not valid;
`
