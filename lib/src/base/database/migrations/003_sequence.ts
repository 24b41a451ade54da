/** Index on the numbers of trades, to find missing ones without reading all. Most sources have no numbers. */
export const sequenceIndex = 'create index trades_sequence on trades (coin_id, source, sequence) where sequence is not null;'
