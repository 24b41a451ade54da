/** Trading hours of a pair, if they differ from those of its source. */
export const calendar = 'alter table trading_pairs add column calendar text collate "C";'
