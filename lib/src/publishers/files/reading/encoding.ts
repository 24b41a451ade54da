import { isUtf8 } from 'node:buffer'

const startsWith = (bytes: Buffer, ...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte)

export const isGzip = (bytes: Buffer): boolean => startsWith(bytes, 0x1f, 0x8b)

/** The reason why a file cannot be parsed, by its first bytes, with the remedy; undefined if it can. */
export function unreadable(first: Buffer): string | undefined {
  const packed = packedAs(first)
  if (packed) return `is compressed by ${packed}, not by gzip: unpack it, or compress it with gzip`
  const utf16 = utf16Of(first)
  if (utf16) return `is ${utf16}, not UTF-8: convert it with iconv -f ${utf16} -t UTF-8`
  return undefined
}

function packedAs(first: Buffer): string | undefined {
  if (startsWith(first, 0x50, 0x4b, 0x03, 0x04) || startsWith(first, 0x50, 0x4b, 0x05, 0x06)) return 'zip'
  if (startsWith(first, 0x28, 0xb5, 0x2f, 0xfd)) return 'zstd'
  if (startsWith(first, 0xfd, 0x37, 0x7a, 0x58, 0x5a)) return 'xz'
  if (startsWith(first, 0x42, 0x5a, 0x68) && (first[3] ?? 0) >= 0x31) return 'bzip2'
  return undefined
}

/** Detected by the byte order mark, or by NUL as every second byte, as in Latin text. */
function utf16Of(first: Buffer): 'UTF-16LE' | 'UTF-16BE' | 'UTF-32LE' | 'UTF-32BE' | undefined {
  if (startsWith(first, 0xff, 0xfe, 0, 0)) return 'UTF-32LE'
  if (startsWith(first, 0, 0, 0xfe, 0xff)) return 'UTF-32BE'
  if (startsWith(first, 0xff, 0xfe)) return 'UTF-16LE'
  if (startsWith(first, 0xfe, 0xff)) return 'UTF-16BE'
  const some = first.subarray(0, 64)
  if (some.length < 8 || some.length % 2 === 1) return undefined
  const zeros = (offset: number) => some.every((byte, i) => (i % 2 === offset) === (byte === 0))
  if (zeros(1)) return 'UTF-16LE'
  return zeros(0) ? 'UTF-16BE' : undefined
}

/** The reason why a line is no text; undefined if it is. */
export function problemOf(bytes: Buffer, text: string): string | undefined {
  if (text.includes('\uFFFD') && !isUtf8(bytes)) return 'is not UTF-8'
  return text.includes('\0') ? 'holds NUL bytes' : undefined
}
