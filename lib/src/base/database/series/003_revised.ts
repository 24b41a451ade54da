/**
 * Distinguishes appended records from changes to earlier ones. `revised` is the last transaction that wrote before the end of a series;
 * `last_before` is the time of its last record before the latest append. A reader of new records then reads only the end.
 */
export const revised = `
alter table series add column last_before timestamptz, add column revised xid8;
`
