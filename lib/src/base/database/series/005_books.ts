/** SQL condition on a column of figures: one dimension counted from 1, at most 100 elements, none of them NULL, NaN or an infinity. */
const readable = (column: string): string =>
  `coalesce(array_ndims(${column}) = 1 and array_lower(${column}, 1) = 1, true) and cardinality(${column}) <= 100 and ('infinity' > all (${column}) and '-infinity' < all (${column})) is true`

/** Snapshots of order books. A list of one side has the place of a price in the list of its sizes. */
export const createBooks = `
create table books_rows (
  series bigint not null,
  time timestamptz not null,
  received_at timestamptz not null,
  origin text collate "C" not null,
  sequence bigint not null,
  levels bigint not null,
  bids numeric[] not null,
  bid_sizes numeric[] not null,
  asks numeric[] not null,
  ask_sizes numeric[] not null,
  verified boolean not null,
  primary key (series, time, sequence)
);
create index books_rows_time on books_rows using brin (time);
alter table books_rows add constraint books_readable check (time >= '0001-01-01 00:00:00+00' and time <= '2255-06-05 23:47:34.740991+00' and received_at >= '0001-01-01 00:00:00+00' and received_at <= '2255-06-05 23:47:34.740991+00' and ${['bids', 'bid_sizes', 'asks', 'ask_sizes'].map(readable).join(' and ')} and cardinality(bids) = cardinality(bid_sizes) and cardinality(asks) = cardinality(ask_sizes) and cardinality(bids) + cardinality(asks) > 0) not valid;
`
