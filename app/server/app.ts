import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import { parseQuery } from '../../lib/src/base/database/index.ts'
import { QiError, silentLogger, suggest } from '../../lib/src/base/types/index.ts'
import { type Caller, type Face, OFFER_HEADERS, type Role, requireRole } from '../../lib/src/mcp-tools/index.ts'
import { openapi } from './api/openapi.ts'
import { compressed } from './compress.ts'
import { addressGroup } from './connections.ts'
import { problemAnswer, showError } from './errors.ts'
import { type Identity, type Site, unauthorized } from './guard/guard.ts'
import { digest, tokenOf } from './guard/token.ts'
import { wantsPage } from './headers.ts'
import { guarded } from './mcp.ts'
import { openapiText } from './openapi/document.ts'
import { readQuery, refuseQuery } from './query.ts'
import type { Route, Served } from './route.ts'
import { routes } from './routes.ts'

type App = Hono<{ Bindings: HttpBindings }>
type Asked = Context<{ Bindings: HttpBindings }>

/** Request headers of MCP over Streamable HTTP, for CORS. */
const MCP_HEADERS = ['content-type', 'mcp-protocol-version', 'mcp-session-id', 'mcp-method', 'mcp-name', 'last-event-id']

/** Request headers of tool calls, for CORS. */
const WRITE_HEADERS = ['idempotency-key', 'prefer']

type Method = 'GET' | 'POST' | 'DELETE'

/** The handler of one method of an address. */
interface Answer {
  /** True if it answers without a token. */
  readonly open?: boolean | undefined
  readonly role?: Role | undefined
  work(c: Asked, caller: Caller | undefined): Promise<Response>
}

/** All routes of the server as one fetch function. */
export function createApp(parts: Omit<Served, 'openapi'>): App {
  const served: Served = { ...parts, openapi: openapiText() }
  const { guard, pages } = served
  const app: App = new Hono()
  if (guard.origins.length > 0)
    app.use(
      cors({
        origin: [...guard.origins],
        allowHeaders: ['authorization', 'if-none-match', ...MCP_HEADERS, ...OFFER_HEADERS, ...WRITE_HEADERS],
        allowMethods: ['GET', 'POST', 'DELETE'],
        exposeHeaders: ['mcp-session-id', 'retry-after', 'www-authenticate', 'location', 'idempotent-replayed', 'link', 'etag'],
      }),
    )
  for (const [path, methods] of Map.groupBy(routes, (route) => route.path)) {
    const answers = (suffix?: string) =>
      Object.fromEntries(
        methods.map((route) => [
          route.method ?? 'GET',
          {
            open: route.open,
            role: route.role,
            work: (c: Asked, caller: Caller | undefined) => respond(route, served, c, caller, suffix),
          },
        ]),
      )
    answer(app, served, path, answers())
    for (const suffix of methods[0]?.suffixes ?? []) answer(app, served, `${path}.${suffix}`, answers(suffix))
  }
  const page = (path: string, work: (c: Asked) => Promise<Response>) => answer(app, served, path, { GET: { work } })
  const asking = (c: Asked) => ({ header: (name: string) => c.req.header(name) })
  page('/', async (c) => pages.home(asking(c)))
  for (const path of ['/api/v1/docs', '/docs']) page(path, async (c) => pages.docs(asking(c)))
  page('/assets/{name}', async (c) => pages.asset(c.req.param('name') ?? '', asking(c)) ?? notFound(c.req.path))
  answer(app, served, '/openapi.json', { GET: { work: (c, caller) => respond(openapi, served, c, caller, undefined) } })
  page('/ws', async () => {
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

/** Registers an address: each request passes the same checks, fails with the same errors, and is counted under its route. */
function answer(app: App, served: Served, path: string, methods: Partial<Record<Method, Answer>>): void {
  // One handler for all methods: Hono answers at once where nothing else matches a request.
  app.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) =>
    observed(served, c, path, async () => {
      const method = c.req.method === 'HEAD' ? 'GET' : c.req.method
      const found = Object.hasOwn(methods, method) ? methods[method as Method] : undefined
      if (!found) return wrongMethod(c, Object.keys(methods))
      const { guard } = served
      if (method === 'GET') guard.checkSite(siteOf(c))
      else guard.checkWritingSite(siteOf(c))
      const identity = await guard.identify(c.req.header('authorization'))
      if (identity) requireRole(identity, found.role ?? 'viewer', `${method} ${path}`)
      else if (!found.open) throw unauthorized()
      return found.work(c, identity && callerOf(identity, 'http', c))
    }),
  )
}

/** Answers MCP, which has methods, sessions and errors of its own; site and token are checked as for every other address. */
async function answerMcp({ guard, mcp }: Served, c: Asked): Promise<Response> {
  guard.checkWritingSite(siteOf(c))
  const authorization = c.req.header('authorization')
  const identity = await guard.identify(authorization)
  if (!identity) throw unauthorized()
  // The digest of the token identifies the owner of a session; without a token it is the loopback interface.
  const token = tokenOf(authorization)
  const owner = token === undefined ? 'loopback' : digest(token).toString('hex')
  const address = addressGroup(c.env.incoming.socket.remoteAddress ?? '')
  return guarded(await mcp.fetch(c.req.raw, { owner, address, caller: callerOf(identity, 'mcp', c) }))
}

const callerOf = ({ id, name, role }: Identity, face: Face, c: Asked): Caller => ({
  name,
  role,
  face,
  token: id,
  address: c.env.incoming.socket.remoteAddress ?? '',
})

const siteOf = (c: Asked): Site => ({
  host: c.req.header('host'),
  origin: c.req.header('origin'),
  fetchSite: c.req.header('sec-fetch-site'),
})

/** Counts and compresses. Without `accept-encoding` the answer is not even looked at, which is faster. */
async function observed(served: Served, c: Asked, path: string, work: () => Promise<Response>): Promise<Response> {
  const response = await measured(served, c, path, work)
  const accepted = c.req.header('accept-encoding')
  return accepted === undefined || c.req.method === 'HEAD' ? response : compressed(response, accepted)
}

async function measured(served: Served, c: Asked, path: string, work: () => Promise<Response>): Promise<Response> {
  const started = performance.now()
  let response: Response
  try {
    response = await work()
  } catch (error) {
    const shown = showError(error, served.logger, `${c.req.method} ${path}`)
    response =
      path === 'unmatched' && c.req.method === 'GET' && wantsPage(c.req.header('accept'))
        ? served.pages.missing(shown.error.message)
        : problemAnswer(shown, shown.status === 401 ? { 'www-authenticate': challenge(c) } : {})
  }
  served.metrics.http.observe(c.req.method, path, response.status, performance.now() - started)
  return response
}

async function respond(
  route: Route,
  served: Served,
  c: Asked,
  caller: Caller | undefined,
  suffix: string | undefined,
): Promise<Response> {
  const { query, params } = route
  if (!query) refuseQuery(c.req.url)
  const asked = {
    caller,
    params: params ? parseQuery(params, c.req.param()) : {},
    suffix,
    header: (name: string) => c.req.header(name),
    request: c.req.raw,
  }
  return route.answer(served, query ? readQuery(query, c.req.url) : {}, asked)
}

/** The challenge of a 401: Basic for browsers, which ask their user (any name, the token as password); Bearer for programs. */
const challenge = (c: Asked): string =>
  wantsPage(c.req.header('accept')) ? 'Basic realm="qicore", charset="UTF-8"' : 'Bearer realm="qicore"'

const known = [...routes.map(({ path }) => path), '/api/v1/docs', '/ws', '/mcp', '/']

function notFound(path: string): never {
  const asked = path.replace(/\/+$/, '')
  const within =
    asked === '' ? undefined : (known.find((one) => one === asked) ?? known.find((one) => one.startsWith(`${asked}/`)))
  const hint = within ? `; did you mean ${within}?` : suggest(path, known)
  throw new QiError(
    'NOT_FOUND',
    `there is nothing at ${path.slice(0, 100)}${hint.startsWith('; did') ? hint : ''}; known addresses: ${known.join(', ')}`,
    { field: 'path' },
  )
}

function wrongMethod(c: Asked, methods: readonly string[]): Response {
  const allowed = methods.includes('GET') ? [...methods, 'HEAD'] : methods
  const shown = showError(
    new QiError('METHOD_NOT_ALLOWED', `${c.req.method} is not allowed here: use ${allowed.join(', ')}`, { field: 'method' }),
    silentLogger,
    c.req.path,
  )
  return problemAnswer(shown, { allow: allowed.join(', ') })
}
