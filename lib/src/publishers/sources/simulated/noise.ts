/** A 32-bit hash of a text (FNV-1a, mixed). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix(hash)
}

/** The finalizer of MurmurHash3: every bit of the input affects every bit of the result. */
function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** A number from -1 to 1 derived from a seed, a channel and an integer of up to 53 bits. */
export function unit(seed: number, channel: number, index: number): number {
  const high = Math.floor(index / 0x1_0000_0000)
  return mix(mix(mix(seed ^ Math.imul(channel + 1, 0x9e3779b1)) ^ (index - high * 0x1_0000_0000)) + high) / 0x8000_0000
}

/** Period of the finest lattice in seconds; each next one is four times as wide, the widest about two years. */
const FINEST = 0.25
const OCTAVES = 15
const YEAR = 365.25 * 86_400
/** Factor that makes the standard deviation over a day that of a random walk with the same yearly one. */
const SCALE = 1.25

const LATTICES = Array.from({ length: OCTAVES }, (_, octave) => {
  const period = FINEST * 4 ** octave
  return { period, amplitude: SCALE * Math.sqrt(period / YEAR) }
})

/**
 * Fractal value noise: looks like a random walk over any span from a second to a year, but is a pure function in constant time. At most
 * about 3.5 from 0.
 * @param seconds since 1970, with fractions
 */
export function walk(seed: number, seconds: number): number {
  let sum = 0
  for (let octave = 0; octave < OCTAVES; octave++) {
    const { period, amplitude } = LATTICES[octave] as { period: number; amplitude: number }
    const at = seconds / period
    const index = Math.floor(at)
    const from = unit(seed, octave, index)
    sum += amplitude * (from + (unit(seed, octave, index + 1) - from) * (at - index))
  }
  return sum
}
