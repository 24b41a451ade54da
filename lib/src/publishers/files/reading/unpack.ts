import { createGunzip } from 'node:zlib'

/** Compressed bytes given to zlib at once. They grow at most a thousandfold, which bounds the memory. */
const PIECE = 16 * 1024

/** The unpacked bytes of a gzip file, up to the place where it breaks. @throws Error of zlib, after them */
export async function* gunzipped(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 })
  let out: Buffer[] = []
  let failure: Error | undefined
  let proceed = () => {}
  // A failing stream that is iterated would drop the bytes it holds, so events are used.
  gunzip.on('data', (bytes: Buffer) => out.push(bytes))
  gunzip.on('error', (error) => {
    failure = error
  })
  gunzip.on('close', () => proceed())
  const step = async (begin: (done: () => void) => void): Promise<readonly Buffer[]> => {
    await new Promise<void>((resolve) => {
      proceed = resolve
      begin(resolve)
    })
    const given = out
    out = []
    return given
  }
  try {
    for await (const chunk of packed)
      for (let at = 0; at < chunk.length && !failure; at += PIECE)
        yield* await step((done) => gunzip.write(chunk.subarray(at, at + PIECE), () => done()))
    if (!failure) yield* await step(() => gunzip.end())
    if (failure) throw failure
  } finally {
    gunzip.destroy()
  }
}
