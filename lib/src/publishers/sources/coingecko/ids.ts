import { QiError } from '../../../base/index.ts'

/** What an address should not exceed; servers and proxies begin to refuse at 2 to 8 thousand characters. */
const LONGEST_LIST = 1500

/**
 * Ids as CoinGecko wants them: `bitcoin, ethereum` would answer bitcoin only, since spaces around an id are not ignored there.
 * (Inside an id they may stand: one coin is called `1move token`.)
 * @throws QiError BAD_REQUEST when none are left
 */
export function cleanIds(ids: readonly string[], field: string): string[] {
  const clean = [...new Set(ids.flatMap((id) => id.split(',')).map((id) => id.trim()))].filter((id) => id !== '')
  if (clean.length === 0) throw new QiError('BAD_REQUEST', `${field}: expected at least one, such as bitcoin`, { field })
  return clean
}

/** The ids in parts that each fit one address. */
export function chunkIds(ids: readonly string[], most = Number.POSITIVE_INFINITY): string[][] {
  const chunks: string[][] = []
  let length = Number.POSITIVE_INFINITY
  for (const id of ids) {
    const size = encodeURIComponent(`${id},`).length
    const chunk = chunks.at(-1)
    if (!chunk || length + size > LONGEST_LIST || chunk.length >= most) {
      chunks.push([id])
      length = size
    } else {
      chunk.push(id)
      length += size
    }
  }
  return chunks
}
