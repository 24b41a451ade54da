import type { MigrationFile } from '../../../../base/database/index.ts'

/**
 * Gives one due job to a process: the one whose promise ends first; while promises are overdue, higher priorities first. The single row of
 * acquiring_pace serializes the processes and keeps their calls apart.
 */
const CLAIM = `
create function acquiring_claim(
  p_holder text, p_spacing interval, out spec jsonb, out wait_ms double precision, out idle boolean) language plpgsql as $$
declare
  turn timestamptz; present timestamptz; overdue boolean; chosen text;
begin
  select next_at into turn from acquiring_pace for update;
  present := clock_timestamp();
  idle := false;
  if turn > present then
    wait_ms := extract(epoch from turn - present) * 1000;
    return;
  end if;
  overdue := exists (select from acquiring_jobs where leased_by is null and due_at <= present and deadline < present);
  select j.job, j.spec into chosen, spec from acquiring_jobs j where j.leased_by is null and j.due_at <= present
  order by case when overdue then j.priority end, j.deadline, j.priority, j.job limit 1 for update skip locked;
  if chosen is null then
    idle := true;
    select extract(epoch from min(due_at) - present) * 1000 into wait_ms from acquiring_jobs where leased_by is null;
    return;
  end if;
  update acquiring_jobs set leased_by = p_holder where job = chosen;
  -- Turns that nobody took are made up for, but not many: that would be a burst.
  update acquiring_pace set next_at = greatest(turn, present - 2 * p_spacing) + p_spacing;
end $$;`

export const acquiringMigrations: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'watched jobs',
    sql: `
create table acquiring_jobs (
  job text primary key, spec jsonb not null, priority smallint not null, max_age interval not null,
  added_at timestamptz not null default clock_timestamp(), fetched_at timestamptz, due_at timestamptz not null,
  deadline timestamptz not null, leased_by text, failures integer not null default 0, problem text,
  done bigint not null default 0, late bigint not null default 0) with (fillfactor = 50);
create table acquiring_pace (single boolean primary key default true check (single), next_at timestamptz not null);
insert into acquiring_pace (next_at) values ('-infinity');
${CLAIM}`,
  },
]
