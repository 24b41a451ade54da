/**
 * The engine of ClickHouse (chdb) behind as much of its HTTP interface as `@clickhouse/client` speaks. SQL, types, merges and errors are
 * the engine's; HTTP, users and the order of requests, one at a time, are this program's.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

interface Engine {
  query(sql: string, format?: string): string
}
export interface ClickHouseUser {
  readonly password: string
  readonly mayWrite: boolean
}

const [folder = '', port = '', chdb = '', users = '{}'] = process.argv.slice(2)
const { Session } = createRequire(import.meta.url)(chdb) as { Session: new (folder: string) => Engine }
const engine = new Session(folder)
const known = JSON.parse(users) as Readonly<Record<string, ClickHouseUser>>

/** Parameters of a request that are no settings. */
const OWN =
  /^(query|database|query_id|session_id|default_format|role|user|password|wait_end_of_query|enable_http_compression|param_.*)$/

class Refusal extends Error {}

function userOf(request: IncomingMessage): ClickHouseUser {
  const [name = '', password = ''] = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64')
    .toString()
    .split(/:(.*)/s)
  const user = known[name]
  if (user?.password !== password)
    throw new Refusal(
      `Code: 516. DB::Exception: ${name}: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)`,
    )
  return user
}

function run(sql: string, parameters: URLSearchParams, user: ClickHouseUser): string {
  if (!user.mayWrite && !/^\s*select\b/i.test(sql))
    throw new Refusal('Code: 497. DB::Exception: reader: Not enough privileges. (ACCESS_DENIED)')
  engine.query(`use \`${parameters.get('database') ?? 'default'}\``)
  for (const [name, value] of parameters) if (!OWN.test(name)) engine.query(`set ${name} = '${value}'`)
  return engine.query(sql, 'TabSeparated')
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const sent = await buffer(request)
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
  if (pathname === '/ping') {
    response.end('Ok.\n')
    return
  }
  try {
    const user = userOf(request)
    const query = searchParams.get('query')
    response.end(run(query === null ? body.toString() : `${query}\n${body.toString()}`, searchParams, user))
  } catch (error) {
    const message = (error as Error).message.replace(/^Query failed: /, '')
    const code = /Code: (\d+)/.exec(message)?.[1] ?? '1'
    response.writeHead(code === '516' ? 403 : code === '60' || code === '81' ? 404 : 500, { 'x-clickhouse-exception-code': code })
    response.end(`${message} (version 26.7.2.1)`)
  }
}

createServer((request, response) => {
  answer(request, response).catch(() => response.destroy())
}).listen(Number(port), '127.0.0.1')
