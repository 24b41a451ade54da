import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CODINGS, compress, decompress } from '../../../lib/src/base/networking/index.ts'

describe('compression', () => {
  it('is reversible, for every name of a coding', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...CODINGS), fc.uint8Array({ maxLength: 5000 }), async (coding, data) => {
        expect(Buffer.compare(await decompress(coding, await compress(coding, data)), data)).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('is compatible with other implementations', async () => {
    expect(gunzipSync(await compress('gzip', Buffer.from('text'))).toString()).toBe('text')
    expect(zstdDecompressSync(await compress('zstd', Buffer.from('text'))).toString()).toBe('text')
    expect((await decompress('X-GZIP', gzipSync('text'))).toString()).toBe('text')
  })

  it.each(CODINGS)('%s: refuses data that unpacks to more than the limit', async (coding) => {
    const bomb = await compress(coding, Buffer.alloc(5_000_000))
    await expect(decompress(coding, bomb, 1000)).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining('1000 bytes'),
    })
    expect(await decompress(coding, await compress(coding, Buffer.alloc(1000)), 1000)).toHaveLength(1000)
  })

  it('names damaged data and unknown codings', async () => {
    await expect(decompress('gzip', Buffer.from('no gzip'))).rejects.toMatchObject({ code: 'BAD_DATA', retryable: false })
    const half = (await compress('zstd', Buffer.alloc(10_000, 'abc'))).subarray(0, 10)
    await expect(decompress('zstd', half)).rejects.toMatchObject({ code: 'BAD_DATA' })
    await expect(compress('lzma', Buffer.alloc(1))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('gzip, br, zstd'),
    })
  })
})
