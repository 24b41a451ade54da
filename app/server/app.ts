import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { compress } from 'hono/compress'
import { cors } from 'hono/cors'
import { QiError, silentLogger, suggest } from '../../lib/src/base/index.ts'
import type { McpSender } from '../../lib/src/mcp-tools/index.ts'
import { addressGroup } from './connections.ts'
import { showError } from './errors.ts'
import { type Caller, unauthorized } from './guard/guard.ts'
import { digest, tokenOf } from './guard/token.ts'
import { json } from './headers.ts'
import { guarded } from './mcp.ts'
import { openapiText } from './openapi/document.ts'
import { readQuery, refuseQuery } from './query.ts'
import type { Route, Served } from './route.ts'
import { routes } from './routes.ts'

type App = Hono<{ Bindings: HttpBindings }>
type Asked = Context<{ Bindings: HttpBindings }>

/** Request headers of MCP over Streamable HTTP that a browser asks about before it sends them. */
const MCP_HEADERS = ['content-type', 'mcp-protocol-version', 'mcp-session-id', 'mcp-method', 'mcp-name', 'last-event-id']

/** All routes of the server as one fetch function. */
export function createApp(parts: Omit<Served, 'openapi'>): App {
  const served: Served = { ...parts, openapi: openapiText() }
  const { guard, pages } = served
  const app: App = new Hono()
  if (guard.origins.length > 0)
    app.use(
      cors({
        origin: [...guard.origins],
        allowHeaders: ['authorization', ...MCP_HEADERS],
        allowMethods: ['GET', 'POST', 'DELETE'],
        exposeHeaders: ['mcp-session-id', 'retry-after', 'www-authenticate'],
      }),
    )
  for (const route of routes)
    answer(app, served, route.path, route.open ?? false, (c, authorized) => respond(route, served, c, authorized))
  answer(app, served, '/', false, async () => pages.home())
  answer(app, served, '/api/v1/docs', false, async () => pages.docs())
  answer(app, served, '/assets/:name', false, async (c) => pages.asset(c.req.param('name') ?? '') ?? notFound(c.req.path))
  answer(app, served, '/ws', false, async () => {
    throw new QiError(
      'BAD_REQUEST',
      '/ws is for WebSockets: send an upgrade request, with the message {"type":"subscribe","channel":"prices"} after it',
      { field: 'upgrade' },
    )
  })
  app.all('/mcp', (c) => measured(served, c, '/mcp', () => answerMcp(served, c)))
  app.notFound((c) => observed(served, c, 'unmatched', async () => notFound(c.req.path)))
  return app
}

/** Every address is answered after the same checks, with the same errors, and counted under its route. */
function answer(
  app: App,
  served: Served,
  path: string,
  open: boolean,
  work: (c: Asked, authorized: boolean) => Promise<Response>,
): void {
  // One handler for all methods: Hono answers at once where nothing else matches a request.
  app.all(path, (c) =>
    observed(served, c, path, async () => {
      if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return wrongMethod(c)
      const caller = callerOf(c)
      served.guard.checkSite(caller)
      const authorized = served.guard.isAuthorized(caller)
      if (!authorized && !open) throw unauthorized()
      return work(c, authorized)
    }),
  )
}

/** The protocol has methods, sessions and errors of its own; who may use it is decided as for every other address. */
async function answerMcp({ guard, mcp }: Served, c: Asked): Promise<Response> {
  const caller = callerOf(c)
  guard.checkSite(caller)
  if (!guard.isAuthorized(caller)) throw unauthorized()
  return guarded(await mcp.fetch(c.req.raw, sender(caller, c.env.incoming.socket.remoteAddress)))
}

/** The token stands for the owner of a session, by its digest. */
const sender = ({ authorization }: Caller, remoteAddress = ''): McpSender => ({
  owner: digest(tokenOf(authorization) ?? '').toString('hex'),
  address: addressGroup(remoteAddress),
})

const callerOf = (c: Asked): Caller => ({
  host: c.req.header('host'),
  origin: c.req.header('origin'),
  authorization: c.req.header('authorization'),
})

const squeeze = compress()

/** Compressed where a client asks for it; for all others the compressor's look at the answer would cost more than the answer. */
async function observed(served: Served, c: Asked, path: string, work: () => Promise<Response>): Promise<Response> {
  if (!c.req.header('accept-encoding')) return measured(served, c, path, work)
  await squeeze(c, async () => {
    c.res = await measured(served, c, path, work)
  })
  return c.res
}

async function measured(served: Served, c: Asked, path: string, work: () => Promise<Response>): Promise<Response> {
  const started = performance.now()
  let response: Response
  try {
    response = await work()
  } catch (error) {
    const { status, body, headers } = showError(error, served.logger, `${c.req.method} ${path}`)
    response = json(JSON.stringify(body), status, status === 401 ? { ...headers, 'www-authenticate': challenge(c) } : headers)
  }
  served.metrics.http.observe(c.req.method, path, response.status, performance.now() - started)
  return response
}

async function respond(route: Route, served: Served, c: Asked, authorized: boolean): Promise<Response> {
  if (route.query) return route.answer(served, readQuery(route.query, c.req.url), { authorized })
  refuseQuery(c.req.url)
  return route.answer(served, {}, { authorized })
}

/** A browser that opens a page asks its user for the token (any name, the token as password); programs are told of Bearer. */
const challenge = (c: Asked): string =>
  c.req.header('accept')?.includes('text/html') ? 'Basic realm="qicore", charset="UTF-8"' : 'Bearer realm="qicore"'

const known = [...routes.map(({ path }) => path), '/api/v1/docs', '/ws', '/mcp', '/']

function notFound(path: string): never {
  const asked = path.replace(/\/+$/, '')
  const within = asked === '' ? undefined : known.find((one) => one.startsWith(`${asked}/`))
  const hint = within ? `; did you mean ${within}?` : suggest(path, known)
  throw new QiError(
    'NOT_FOUND',
    `there is nothing at ${path.slice(0, 100)}${hint.startsWith('; did') ? hint : ''}; there is ${known.join(', ')}`,
    { field: 'path' },
  )
}

function wrongMethod(c: Asked): Response {
  const { body } = showError(
    new QiError('METHOD_NOT_ALLOWED', `${c.req.method} is not allowed here: everything is read with GET`, { field: 'method' }),
    silentLogger,
    c.req.path,
  )
  return json(JSON.stringify(body), 405, { allow: 'GET, HEAD' })
}
