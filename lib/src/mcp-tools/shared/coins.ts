import type { ReadStore } from '../../base/database/index.ts'

/** Stored ids of coins given by id, ticker or name. @throws QiError NOT_FOUND naming the coins that share an ambiguous ticker */
export const resolveCoins = (
  store: Pick<ReadStore, 'dsl'>,
  given: readonly string[],
  of?: Parameters<ReadStore['dsl']['resolveCoins']>[1],
): Promise<string[]> => store.dsl.resolveCoins(given, of)

/** @throws QiError NOT_FOUND naming the coins that share an ambiguous ticker */
export const resolveCoin = async (store: Pick<ReadStore, 'dsl'>, given: string): Promise<string> =>
  (await resolveCoins(store, [given]))[0] ?? given
