import { type Store, storedTypes } from '../../../lib/src/base/index.ts'

/** What to say where an answer is empty: that nothing is stored at all, or what is. */
export async function nothingOf(what: string, { pool }: Pick<Store, 'pool'>): Promise<string> {
  const types = await storedTypes(pool)
  return types.length === 0
    ? 'nothing is stored yet; `qicore up` acquires prices'
    : `${what}; what is stored: ${types.join(', ')} (\`qicore query health\` lists its series)`
}
