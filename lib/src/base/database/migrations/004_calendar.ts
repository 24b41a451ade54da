/** Trading hours of a pair that are not those of its source. */
export const calendar = 'alter table trading_pairs add column calendar text collate "C";'
