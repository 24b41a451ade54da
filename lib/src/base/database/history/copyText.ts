import type { Socket } from 'node:net'
import type { ClientBase, Submittable } from 'pg'
import { QiError } from '../../types/index.ts'

/** Bytes before each line: the head of its protocol message. */
export const FRAME_HEAD = 5
const LENGTH_AT = 1
const COPY_DATA = 0x64
const COPY_DONE = 0x63
const ERROR = 0x45

/** Members of pg's connection that are missing from its types. */
interface Connection {
  readonly stream: Socket
  query(text: string): void
}

type Listener = (chunk: Buffer) => void

/** Lines in COPY's text format, each with its newline and after {@link FRAME_HEAD} bytes. */
export interface CopiedText {
  readonly bytes: Buffer
  readonly rows: number
  /** The start of the last line. */
  readonly last: number
}

/** The start of the line after the one at `start`. */
export const nextLine = (bytes: Buffer, start: number): number => {
  const frame = start - FRAME_HEAD
  return frame + LENGTH_AT + bytes.readUInt32BE(frame + LENGTH_AT) + FRAME_HEAD
}

/**
 * The output of `copy (…) to stdout`, in memory; the caller limits its rows.
 * @param buffer used for the output if it is large enough; it belongs to the result
 */
export const copyText = (client: ClientBase, statement: string, buffer: Buffer): Promise<CopiedText> =>
  new Promise((resolve, reject) => {
    client.query(new CopyText(statement, buffer, resolve, reject))
  })

/**
 * A COPY for pg's clients that takes the bytes from the socket as they come: pg's parser makes two objects a row, which costs more than
 * the rest of a row does. All other messages go to pg, and so does the socket after the last row.
 */
class CopyText implements Submittable {
  readonly text: string
  readonly #resolve: (copied: CopiedText) => void
  readonly #reject: (error: Error) => void
  #connection: Connection | undefined
  #listener: Listener | undefined
  #bytes: Buffer
  #length = 0
  /** The end of the complete rows. */
  #at = 0
  #rows = 0
  /** The start of the last row's message. */
  #last = 0

  constructor(text: string, buffer: Buffer, resolve: (copied: CopiedText) => void, reject: (error: Error) => void) {
    this.text = text
    this.#bytes = buffer
    this.#resolve = resolve
    this.#reject = reject
  }

  submit = (given: unknown): Error | null => {
    const connection = given as Connection
    const listeners = connection.stream.listeners('data') as Listener[]
    if (listeners.length !== 1) return new QiError('INTERNAL', `the socket of pg has ${listeners.length} listeners, expected 1`)
    this.#connection = connection
    this.#listener = listeners[0]
    connection.stream.removeListener('data', listeners[0] as Listener)
    connection.stream.on('data', this.#take)
    connection.query(this.text)
    return null
  }

  handleError = (error: Error): void => {
    this.#giveBack()
    this.#reject(error)
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#resolve({ bytes: this.#bytes.subarray(0, this.#length), rows: this.#rows, last: this.#last + FRAME_HEAD })
  }

  readonly #take = (chunk: Buffer): void => {
    this.#append(chunk)
    for (;;) {
      const [at, bytes] = [this.#at, this.#bytes]
      if (at + FRAME_HEAD > this.#length) return
      const end = at + LENGTH_AT + bytes.readUInt32BE(at + LENGTH_AT)
      if (end > this.#length) return
      if (bytes[at] === COPY_DATA) {
        this.#rows++
        this.#last = at
        this.#at = end
        continue
      }
      if (bytes[at] === COPY_DONE || bytes[at] === ERROR) {
        const rest = Buffer.from(bytes.subarray(at, this.#length))
        this.#length = at
        const listener = this.#listener
        this.#giveBack()
        listener?.(rest)
        return
      }
      const message = Buffer.from(bytes.subarray(at, end))
      bytes.copyWithin(at, end, this.#length)
      this.#length -= message.length
      this.#listener?.(message)
    }
  }

  #append(chunk: Buffer): void {
    const end = this.#length + chunk.length
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, end))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    this.#bytes.set(chunk, this.#length)
    this.#length = end
  }

  #giveBack(): void {
    if (!this.#connection || !this.#listener) return
    this.#connection.stream.removeListener('data', this.#take)
    this.#connection.stream.on('data', this.#listener)
    this.#listener = undefined
  }
}
