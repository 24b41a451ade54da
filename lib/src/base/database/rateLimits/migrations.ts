import type { MigrationFile } from '../bookkeeping/migrate.ts'
import { PENALTIES, PENALTIES_FIRST } from './penalties.ts'

/**
 * Tables: one row per key, whose lock queues its users, and one row (grant) per call until it has left every window. A call is granted the
 * earliest time that fits after all earlier grants; a time in the future is its place in the queue. Times of a key only grow, so it is
 * enough to check the window that ends with the new grant.
 */
const ACQUIRE = `
create function qicore_rate_acquire(
  p_key bytea, p_weight double precision, p_limit double precision, p_window interval, p_tolerance interval, p_held bigint,
  out id bigint, out wait_ms double precision) language plpgsql as $$
declare
  head network_limits; present timestamptz; held timestamptz; start timestamptz; fits timestamptz;
begin
  select * into head from qicore_rate_lock(p_key);
  present := head.seen_at;
  if p_held is not null then
    select granted_at into held from network_grants g where g.id = p_held and g.key_digest = p_key;
    if held > present or present <= held + p_tolerance then
      id := p_held;
      wait_ms := greatest(0, extract(epoch from held - present) * 1000);
      return;
    end if;
    -- Too late: others were placed by a time that has passed. It was not used, so it gives its place back and takes a new one.
    delete from network_grants g where g.id = p_held and g.key_digest = p_key;
  end if;
  delete from network_grants g where g.key_digest = p_key and granted_at <= present - greatest(head.longest, p_window);
  select greatest(present, head.blocked_until, max(granted_at)) into start from network_grants g where g.key_digest = p_key;
  -- The newest call that has to leave the window first: with all that are newer than it, this one would be too many.
  select granted_at + p_window into fits from (
    select g.id, granted_at, sum(weight) over (order by granted_at desc, g.id desc) as newest from network_grants g
    where g.key_digest = p_key) placed
  where newest > p_limit - p_weight order by granted_at desc, placed.id desc limit 1;
  start := greatest(start, fits);
  insert into network_grants (key_digest, granted_at, weight) values (p_key, start, p_weight) returning network_grants.id into id;
  update network_limits set longest = greatest(longest, p_window) where key_digest = p_key and longest < p_window;
  wait_ms := extract(epoch from start - present) * 1000;
end $$;`

/** Locks the row of a key. If the clock was set back, all its times are shifted back too, so the distances between calls stay. */
const LOCK = `
create function qicore_rate_lock(p_key bytea) returns network_limits language plpgsql as $$
declare
  head network_limits; present timestamptz; back interval;
begin
  loop
    insert into network_limits (key_digest, seen_at, longest) values (p_key, clock_timestamp(), '0') on conflict do nothing;
    select * into head from network_limits where key_digest = p_key for update;
    exit when found; -- else it was removed meanwhile as unused
  end loop;
  present := clock_timestamp();
  if present < head.seen_at then
    back := head.seen_at - present;
    update network_grants set granted_at = granted_at - back where key_digest = p_key;
    update network_limits set blocked_until = blocked_until - back where key_digest = p_key;
  end if;
  update network_limits set seen_at = present where key_digest = p_key returning * into head;
  return head;
end $$;`

/** Grants in the future keep their order, and are delayed as far as the first of them must be. */
const PENALIZE = `
create function qicore_rate_penalize(p_key bytea, p_wait interval) returns void language plpgsql as $$
declare
  head network_limits; free timestamptz; first timestamptz;
begin
  select * into head from qicore_rate_lock(p_key);
  free := greatest(head.blocked_until, head.seen_at + p_wait);
  update network_limits set blocked_until = free where key_digest = p_key;
  select min(granted_at) into first from network_grants where key_digest = p_key and granted_at > head.seen_at;
  if first < free then
    update network_grants set granted_at = granted_at + (free - first) where key_digest = p_key and granted_at > head.seen_at;
  end if;
end $$;`

export const networkingMigrations: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'rate limits',
    sql: `
create table network_limits (
  key_digest bytea primary key, seen_at timestamptz not null, longest interval not null,
  blocked_until timestamptz not null default '-infinity') with (fillfactor = 50);
create table network_grants (
  id bigint generated always as identity primary key, key_digest bytea not null, granted_at timestamptz not null,
  weight double precision not null);
create index network_grants_key on network_grants (key_digest, granted_at);
${LOCK}
${ACQUIRE}
${PENALIZE}`,
  },
  { version: 2, name: 'penalties with a cap and a probe', sql: PENALTIES },
  { version: 3, name: 'penalties before places that are due', sql: PENALTIES_FIRST },
]

/** Removes keys unused for a day, with their grants. */
export const CLEAN_UP = `
with unused as (
  delete from network_limits where seen_at < clock_timestamp() - longest - interval '1 day' and blocked_until < clock_timestamp()
  returning key_digest)
delete from network_grants where key_digest in (select key_digest from unused)`
