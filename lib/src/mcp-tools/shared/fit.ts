/** Bytes of structure that, with its text, stay under 2,000 tokens: figures and ids take a token for 2 to 3 bytes. */
const ROOM = 2600

/**
 * An answer of as many items as were asked for; of `preset`, or fewer where they are long, when the caller did not say.
 * `ask` gives the answer with so many items at most.
 */
export async function fitting<T>(limit: number | undefined, preset: number, ask: (limit: number) => T | Promise<T>): Promise<T> {
  if (limit !== undefined) return ask(limit)
  for (let items = preset; ; items = Math.floor(items / 2)) {
    const answer = await ask(items)
    if (items <= 1 || Buffer.byteLength(JSON.stringify(answer)) <= ROOM) return answer
  }
}
