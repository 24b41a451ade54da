/**
 * Version 2 of the tables: penalties have a cap, and after a penalty one call probes the peer. The other calls stay `probe_gap` behind the
 * probe; another refusal delays the queue again.
 *
 * `probe_gap` is null before the first penalty. While `probe_grant` is null, the next grant becomes the probe. `resume_at` is the earliest
 * time of the other calls.
 */
const COLUMNS = `
alter table network_limits add service text, add calls double precision, add span interval, add blocked_by text,
  add probe_gap interval, add probe_grant bigint, add resume_at timestamptz not null default '-infinity';
with capped as (
  update network_limits set blocked_until = clock_timestamp() + interval '1 hour', probe_gap = interval '15 seconds'
  where blocked_until > clock_timestamp() + interval '1 hour' returning key_digest)
delete from network_grants g using capped c
where g.key_digest = c.key_digest and g.granted_at > clock_timestamp() + interval '1 hour';`

/** As in version 1, and shifts the new times too if the clock was set back. */
const LOCK = `
create or replace function qicore_rate_lock(p_key bytea) returns network_limits language plpgsql as $$
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
    update network_limits set blocked_until = blocked_until - back, resume_at = resume_at - back where key_digest = p_key;
  end if;
  update network_limits set seen_at = present where key_digest = p_key returning * into head;
  return head;
end $$;`

/** Makes the first queued grant the probe; the others keep their distances, and the gap behind it. Called under the lock of the key. */
const PROBE = `
create function qicore_rate_probe(p_key bytea) returns void language plpgsql as $$
declare
  head network_limits; first network_grants; start timestamptz; resume timestamptz; second timestamptz;
begin
  select * into head from network_limits where key_digest = p_key;
  select * into first from network_grants where key_digest = p_key and granted_at > head.seen_at order by granted_at, id limit 1;
  if not found then
    update network_limits set probe_grant = null, resume_at = '-infinity' where key_digest = p_key;
    return;
  end if;
  start := greatest(first.granted_at, head.blocked_until);
  resume := start + head.probe_gap;
  select min(granted_at) + (start - first.granted_at) into second from network_grants
    where key_digest = p_key and granted_at > head.seen_at and id <> first.id;
  update network_grants set granted_at = granted_at + (start - first.granted_at) + greatest(interval '0', resume - second)
    where key_digest = p_key and granted_at > head.seen_at and id <> first.id;
  update network_grants set granted_at = start where id = first.id;
  update network_limits set probe_grant = first.id, resume_at = resume where key_digest = p_key;
end $$;`

/** Sets a penalty, of an hour at most. */
const PENALIZE = `
drop function qicore_rate_penalize(bytea, interval);
create function qicore_rate_penalize(p_key bytea, p_wait interval, p_by text) returns void language plpgsql as $$
declare
  head network_limits; free timestamptz;
begin
  head := qicore_rate_lock(p_key);
  free := least(greatest(head.blocked_until, head.seen_at + p_wait), head.seen_at + interval '1 hour');
  if free <= head.seen_at then return; end if;
  update network_limits set blocked_until = free, blocked_by = case when free > head.blocked_until then p_by else blocked_by end,
    probe_gap = least(free - head.seen_at, interval '15 seconds') where key_digest = p_key;
  perform qicore_rate_probe(p_key);
end $$;`

/** Returns an unused grant. */
const LEAVE = `
create function qicore_rate_leave(p_key bytea, p_id bigint) returns void language plpgsql as $$
declare
  head network_limits;
begin
  head := qicore_rate_lock(p_key);
  delete from network_grants where id = p_id and key_digest = p_key;
  if head.probe_grant = p_id then perform qicore_rate_probe(p_key); end if;
end $$;`

/** As in version 1, with the probe; also stores the limit, for listings. @param stands SQL condition: the held grant is still valid */
const acquire = (create: string, stands: string): string => `
${create} qicore_rate_acquire(
  p_key bytea, p_weight double precision, p_limit double precision, p_window interval, p_tolerance interval, p_held bigint,
  p_service text, out id bigint, out wait_ms double precision) language plpgsql as $$
declare
  head network_limits; present timestamptz; held timestamptz; start timestamptz; fits timestamptz;
begin
  head := qicore_rate_lock(p_key);
  present := head.seen_at;
  if p_held is not null then
    select granted_at into held from network_grants g where g.id = p_held and g.key_digest = p_key;
    if ${stands} then
      id := p_held;
      wait_ms := greatest(0, extract(epoch from held - present) * 1000);
      return;
    end if;
    -- Too late: others were placed by a time that has passed. It was not used, so it gives its place back and takes a new one.
    perform qicore_rate_leave(p_key, p_held);
    select * into head from network_limits where key_digest = p_key;
    present := head.seen_at;
  end if;
  delete from network_grants g where g.key_digest = p_key and granted_at <= present - greatest(head.longest, p_window);
  select greatest(present, head.blocked_until, head.resume_at, max(granted_at)) into start from network_grants g where g.key_digest = p_key;
  -- The newest call that has to leave the window first: with all that are newer than it, this one would be too many.
  select granted_at + p_window into fits from (
    select g.id, granted_at, sum(weight) over (order by granted_at desc, g.id desc) as newest from network_grants g
    where g.key_digest = p_key) placed
  where newest > p_limit - p_weight order by granted_at desc, placed.id desc limit 1;
  start := greatest(start, fits);
  insert into network_grants (key_digest, granted_at, weight) values (p_key, start, p_weight) returning network_grants.id into id;
  if head.probe_gap is not null and head.probe_grant is null then
    update network_limits set probe_grant = qicore_rate_acquire.id, resume_at = start + head.probe_gap where key_digest = p_key;
  end if;
  update network_limits set longest = greatest(longest, p_window), service = p_service, calls = p_limit, span = p_window
  where key_digest = p_key and (longest < p_window or (service, calls, span) is distinct from (p_service, p_limit, p_window));
  wait_ms := extract(epoch from start - present) * 1000;
end $$;`

/** Lifts a penalty. The queue moves forward, but not into a window with calls already made. */
const CLEAR = `
create function qicore_rate_clear(p_key bytea) returns void language plpgsql as $$
declare
  head network_limits; first timestamptz; earliest timestamptz;
begin
  head := qicore_rate_lock(p_key);
  update network_limits set blocked_until = '-infinity', blocked_by = null, probe_gap = null, probe_grant = null, resume_at = '-infinity'
  where key_digest = p_key;
  select min(granted_at) filter (where granted_at > head.seen_at),
    greatest(head.seen_at, max(granted_at) filter (where granted_at <= head.seen_at) + head.longest) into first, earliest
  from network_grants where key_digest = p_key;
  if first > earliest then
    update network_grants set granted_at = granted_at - (first - earliest) where key_digest = p_key and granted_at > head.seen_at;
  end if;
end $$;`

const ACQUIRE = acquire(
  `drop function qicore_rate_acquire(bytea, double precision, double precision, interval, interval, bigint);
create function`,
  'held > present or present <= held + p_tolerance',
)

export const PENALTIES = [COLUMNS, LOCK, PROBE, PENALIZE, LEAVE, ACQUIRE, CLEAR].join('\n')

/** A penalty also invalidates grants whose time had come but that were not used yet; future grants were moved behind it already. */
export const PENALTIES_FIRST = acquire(
  'create or replace function',
  'held >= head.blocked_until and (held > present or present <= held + p_tolerance)',
)
