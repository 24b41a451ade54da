import { QiError } from '../../../base/types/index.ts'

/** Longest list of ids in a URL: servers and proxies refuse URLs of 2,000 to 8,000 characters. */
const LONGEST_LIST = 1500

/**
 * Ids without surrounding spaces, which CoinGecko does not ignore: `bitcoin, ethereum` would give bitcoin only. Spaces inside an id are
 * kept: one coin is called `1move token`.
 * @throws QiError BAD_REQUEST if none are left
 */
export function cleanIds(ids: readonly string[], field: string): string[] {
  const clean = [...new Set(ids.flatMap((id) => id.split(',')).map((id) => id.trim()))].filter((id) => id !== '')
  if (clean.length === 0) throw new QiError('BAD_REQUEST', `${field}: expected at least one, such as bitcoin`, { field })
  return clean
}

/** The ids in chunks that each fit a URL. @param most ids of one chunk */
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
