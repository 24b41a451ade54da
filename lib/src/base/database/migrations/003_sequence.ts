/** The numbers of trades, so that a missing one is found without reading the others. Most sources have none. */
export const sequenceIndex = 'create index trades_sequence on trades (coin_id, source, sequence) where sequence is not null;'
