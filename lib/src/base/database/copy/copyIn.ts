import type { Connection } from 'pg'
import type { PoolClient } from '../pool.ts'
import type { CopyRows } from './rows.ts'

const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
const TRAILER = Buffer.from([255, 255])
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4])
/** The server takes a message as a whole: small ones let it begin before the last has arrived. */
const MESSAGE_BYTES = 256 * 1024

/** `pg` calls these on whatever is submitted to it. */
interface Submittable {
  submit(connection: Connection): void
  handleCopyInResponse(connection: Connection): void
  handleError(error: Error): void
  handleReadyForQuery(): void
}

/**
 * COPY FROM STDIN of rows that are all there. `pg-copy-streams` ends the process when the server's error arrives while chunks
 * wait for the socket to drain; here nothing waits, so nothing can be caught in between.
 * @param target the table and its columns: `crypto_prices (coin_id, …)`
 */
export function copyIn(client: PoolClient, target: string, rows: CopyRows): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined
    const copy: Submittable = {
      submit: (connection) => connection.query(`copy ${target} from stdin with (format binary)`),
      handleCopyInResponse: ({ stream }) => {
        stream.cork()
        send(stream, HEADER)
        for (let at = 0; at < rows.bytes.length; at += MESSAGE_BYTES) send(stream, rows.bytes.subarray(at, at + MESSAGE_BYTES))
        send(stream, TRAILER)
        stream.write(COPY_DONE)
        stream.uncork()
      },
      handleError: (error) => {
        failure = error
        reject(error)
      },
      handleReadyForQuery: () => {
        if (!failure) resolve()
      },
    }
    client.query({ ...copy, callback: reject, handleCommandComplete() {}, handleRowDescription() {}, handleDataRow() {} } as never)
  })
}

function send(stream: { write(bytes: Uint8Array): boolean }, data: Buffer): void {
  const head = Buffer.allocUnsafe(5)
  head[0] = 0x64
  head.writeUInt32BE(data.length + 4, 1)
  stream.write(head)
  stream.write(data)
}
