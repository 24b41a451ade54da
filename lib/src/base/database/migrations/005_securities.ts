import { refusing } from './002_readable.ts'

/** Adds securities, and the market of pairs. */
export const securities = `
alter table trading_pairs
  add column mic text collate "C",
  add column timezone text collate "C",
  add column asset_class text collate "C",
  add column currency text collate "C";

create table securities (
  coin_id text collate "C" not null,
  source text collate "C" not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  symbol text collate "C" not null,
  name text collate "C" not null,
  exchange text collate "C",
  tick_size numeric,
  lot_size numeric,
  active boolean not null,
  calendar text collate "C",
  mic text collate "C",
  timezone text collate "C",
  asset_class text collate "C",
  currency text collate "C",
  primary key (source, coin_id)
);
create index securities_symbol on securities (lower(symbol));
${refusing('securities', ['tick_size', 'lot_size'])}
`
