/** A page of a list in order of its names: `next` is the last name of the page where there are more. */
export function pageAfter<T>(
  all: readonly T[],
  nameOf: (item: T) => string,
  after: string | undefined,
  limit: number,
): { readonly items: T[]; readonly next?: string } {
  const rest = after === undefined ? all : all.filter((item) => nameOf(item) > after)
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  return { items, ...(rest.length > limit && last !== undefined && { next: nameOf(last) }) }
}
