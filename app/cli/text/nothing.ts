import { type ReadStore, storedTypes } from '../../../lib/src/base/database/index.ts'

/** The line for an empty answer: the store is empty, or holds records of other types. */
export async function nothingOf(what: string, { pool }: Pick<ReadStore, 'pool'>): Promise<string> {
  const types = await storedTypes(pool)
  return types.length === 0
    ? 'nothing is stored yet; `qicore up` acquires prices'
    : `${what}; stored types: ${types.join(', ')} (\`qicore query health\` lists the series)`
}
