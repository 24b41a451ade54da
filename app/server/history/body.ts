/** Most bytes passed to the socket at once, so that few bytes wait there. */
const SLICE = 256 * 1024

/**
 * A body that is produced as fast as the client reads it. A failure in the middle breaks the connection, so that the client notices that the
 * answer is incomplete.
 * @param ended called once, when the body was sent, was cancelled or failed
 */
export function streamedBody(pieces: AsyncGenerator<Uint8Array>, ended: (error?: unknown) => void): ReadableStream<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          while (rest.length === 0) {
            const { done, value } = await pieces.next()
            if (done) {
              ended()
              return controller.close()
            }
            rest = value
          }
          controller.enqueue(rest.subarray(0, SLICE))
          rest = rest.subarray(SLICE)
        } catch (error) {
          ended(error)
          controller.error(error)
        }
      },
      async cancel() {
        ended()
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
