/** The most weight in any window of this length, of calls by their times. */
export function mostInWindow(calls: readonly { readonly at: number; readonly weight: number }[], windowMs: number): number {
  const sorted = [...calls].sort((a, b) => a.at - b.at)
  let most = 0
  let sum = 0
  let first = 0
  for (const { at, weight } of sorted) {
    sum += weight
    while ((sorted[first]?.at ?? at) <= at - windowMs) sum -= sorted[first++]?.weight ?? 0
    most = Math.max(most, sum)
  }
  return most
}
