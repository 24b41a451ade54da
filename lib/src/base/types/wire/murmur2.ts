const M = 0x5bd1e995
const SEED = 0x9747b28c

/** MurmurHash2 as Kafka's Java client computes it, as a signed 32-bit integer. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  const tail = length & ~3
  let h = SEED ^ length
  for (let i = 0; i < tail; i += 4) {
    let k =
      (bytes[i] as number) | ((bytes[i + 1] as number) << 8) | ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    h = Math.imul(h, M) ^ Math.imul(k, M)
  }
  const rest = length & 3
  if (rest === 3) h ^= (bytes[tail + 2] as number) << 16
  if (rest >= 2) h ^= (bytes[tail + 1] as number) << 8
  if (rest >= 1) h = Math.imul(h ^ (bytes[tail] as number), M)
  h ^= h >>> 13
  h = Math.imul(h, M)
  return h ^ (h >>> 15)
}

const utf8 = new TextEncoder()

/** The partition of a key: the one that Kafka's Java client, librdkafka's `murmur2_random` and Redpanda Connect choose. */
export function partitionOf(key: string | Uint8Array, partitions: number): number {
  const bytes = typeof key === 'string' ? utf8.encode(key) : key
  return (murmur2(bytes) & 0x7fffffff) % partitions
}
