/** Adds spans $4 to those of a series $1 that are of one state $2 and reason $3; those that touch become one. */
export const HOLD_SPANS = `with found as (select unnest($4::text[])::tstzrange as span),
gone as (
  delete from coverage_spans as c where c.series_id = $1 and c.state = $2 and c.reason is not distinct from $3
    and exists (select from found as f where f.span && c.span or f.span -|- c.span) returning c.span)
insert into coverage_spans (series_id, state, reason, span)
select $1, $2, $3, unnest(range_agg(span)) from (select span from found union all select span from gone) as both_`

/** Takes a span $2 out of what is requested of a series $1; what an earlier try asked for beyond it stays. */
export const SETTLE_REQUESTED = `with gone as (
  delete from coverage_spans where series_id = $1 and state = 'requested' and span && $2::tstzrange returning span)
insert into coverage_spans (series_id, state, span)
select $1, 'requested', unnest(range_agg(span) - tstzmultirange($2::tstzrange)) from gone`
