/** A list in parts of at most this length. */
export function chunks<T>(list: readonly T[], most: number): T[][] {
  const parts: T[][] = []
  for (let at = 0; at < list.length; at += most) parts.push(list.slice(at, at + most))
  return parts
}
