/** Slots of a cluster. */
const SLOTS = 16_384

/** CRC16/XMODEM, the hash of keys in a cluster. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
  return crc
})

/** The slot of a key without braces (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec). */
export function slotOf(key: string): number {
  let crc = 0
  for (const byte of Buffer.from(key)) crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ byte] as number)
  return crc % SLOTS
}

/** Items by the slot of their key. */
export function bySlot<T extends { readonly key: string }>(items: readonly T[]): readonly (readonly T[])[] {
  const slots = new Map<number, T[]>()
  for (const item of items) {
    const slot = slotOf(item.key)
    const some = slots.get(slot)
    if (some) some.push(item)
    else slots.set(slot, [item])
  }
  return [...slots.values()]
}
