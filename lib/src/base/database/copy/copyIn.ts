import type { Writable } from 'node:stream'
import type { Connection } from 'pg'
import type { PoolClient } from '../connections/pool.ts'
import type { RowPiece } from './batch.ts'

const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
const TRAILER = Buffer.from([255, 255])
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4])
const COPY_FAIL = Buffer.concat([Buffer.from([0x66, 0, 0, 0, 12]), Buffer.from('stopped\0')])
/** Size of a CopyData message. The server handles whole messages, so with small ones it starts before all has arrived. */
const MESSAGE_BYTES = 256 * 1024
/** Smaller pieces are sent together. */
const TOGETHER_BYTES = 64 * 1024

/**
 * COPY FROM STDIN of binary rows. Each piece is sent before the next is requested, so the server works on one while the next is encoded.
 * `pg-copy-streams` is not used: it ends the process if the server's error arrives while chunks wait for the socket to drain.
 * @param target the table and its columns: `crypto_prices (coin_id, …)`
 */
export function copyIn(client: PoolClient, target: string, pieces: Iterable<RowPiece>): Promise<void> {
  return new Promise((resolve, reject) => {
    let failed = false
    let begun = false
    const fail = (error: unknown) => {
      failed = true
      reject(error)
    }
    // The interface that `pg` expects of a submitted query.
    const copy = {
      submit: (connection: Connection) => connection.query(`copy ${target} from stdin with (format binary)`),
      handleCopyInResponse: ({ stream }: Connection) => {
        const rest = pieces[Symbol.iterator]()
        const pump = () => {
          if (failed) return // the server discards the rest, and the connection may already serve another query
          stream.cork() // one system call per round
          try {
            if (!begun) send(stream, HEADER)
            begun = true
            for (let bytes = 0; bytes < TOGETHER_BYTES; ) {
              const { value, done } = rest.next()
              if (done) {
                send(stream, TRAILER)
                stream.write(COPY_DONE)
                return
              }
              for (let at = 0; at < value.bytes.length; at += MESSAGE_BYTES)
                send(stream, value.bytes.subarray(at, at + MESSAGE_BYTES))
              bytes += value.bytes.length
            }
            setImmediate(pump) // lets the socket flush
          } catch (error) {
            stream.write(COPY_FAIL)
            fail(error)
          } finally {
            stream.uncork()
          }
        }
        pump()
      },
      handleError: fail,
      handleReadyForQuery: () => {
        if (!failed) resolve()
      },
      callback: fail,
      handleCommandComplete() {},
      handleRowDescription() {},
      handleDataRow() {},
    }
    client.query(copy as never)
  })
}

function send(stream: Pick<Writable, 'write'>, data: Buffer): void {
  const head = Buffer.allocUnsafe(5)
  head[0] = 0x64
  head.writeUInt32BE(data.length + 4, 1)
  stream.write(head)
  stream.write(data)
}
