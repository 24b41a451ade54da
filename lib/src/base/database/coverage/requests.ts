/** SQL: merges spans $4 into those of a series $1 with the state $2 and the reason $3; spans that touch become one. */
export const HOLD_SPANS = `with found as (select unnest($4::text[])::tstzrange as span),
gone as (
  delete from coverage_spans as c where c.series_id = $1 and c.state = $2 and c.numbers is null and c.reason is not distinct from $3
    and exists (select from found as f where f.span && c.span or f.span -|- c.span) returning c.span)
insert into coverage_spans (series_id, state, reason, span)
select $1, $2, $3, unnest(range_agg(span)) from (select span from found union all select span from gone) as both_`

/** SQL: removes a span $2 from the requested spans of a series $1; the rest of an earlier request stays. */
export const SETTLE_REQUESTED = `with gone as (
  delete from coverage_spans where series_id = $1 and state = 'requested' and numbers is null and span && $2::tstzrange returning span)
insert into coverage_spans (series_id, state, span)
select $1, 'requested', unnest(range_agg(span) - tstzmultirange($2::tstzrange)) from gone`

/** SQL: adds a requested span $2 to a series $1, with its numbers $3 if it has any. */
export const REQUEST = `insert into coverage_spans (series_id, state, span, numbers) select $1, 'requested', $2::tstzrange, $3::int8range
where not exists (select from coverage_spans where series_id = $1 and state = 'requested' and span = $2::tstzrange
  and numbers is not distinct from $3::int8range)`

/** SQL: removes numbers $2 from the requested numbers of a series $1. */
export const SETTLE_NUMBERS = `with gone as (
  delete from coverage_spans where series_id = $1 and state = 'requested' and numbers && $2::int8range returning span, numbers)
insert into coverage_spans (series_id, state, span, numbers)
select $1, 'requested', span, unnest(int8multirange(numbers) - int8multirange($2::int8range)) from gone`

/** SQL: marks those of the numbers $2 of a series $1 that are neither held nor empty as empty, for the reason $4, within the span $3. */
export const EMPTY_NUMBERS = `insert into coverage_spans (series_id, state, span, numbers, reason)
select $1, 'empty', $3::tstzrange, n, $4 from unnest(int8multirange($2::int8range) - coalesce((
  select range_agg(numbers) from coverage_spans where series_id = $1 and state in ('held', 'empty') and numbers && $2::int8range), '{}')) as n
returning lower(numbers)::text as first, (upper(numbers) - 1)::text as last`
