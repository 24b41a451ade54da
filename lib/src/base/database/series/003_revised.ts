/**
 * Tells what was added behind the last record of a series from what was written before it: `revised` is the transaction that did so last,
 * `last_before` the last record before the statement that added the present one. Whoever looks at what is new reads the end alone then.
 */
export const revised = `
alter table series add column last_before timestamptz, add column revised xid8;
`
