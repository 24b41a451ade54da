import { type ReadStore, storedTypes } from '../../../lib/src/base/index.ts'

/** The line for an empty answer: nothing is stored at all, or the types that are. */
export async function nothingOf(what: string, { pool }: Pick<ReadStore, 'pool'>): Promise<string> {
  const types = await storedTypes(pool)
  return types.length === 0
    ? 'nothing is stored yet; `qicore up` acquires prices'
    : `${what}; what is stored: ${types.join(', ')} (\`qicore query health\` lists its series)`
}
