import { z } from 'zod'
import { MCPWrapper, type McpCaller } from '../../../base/agent/index.ts'
import { CoinGeckoClient, type CoinGeckoClientOptions } from './CoinGeckoClient.ts'
import { CoinGeckoDSL } from './CoinGeckoDSL.ts'

export interface CryptoMCPWrapperOptions extends Omit<CoinGeckoClientOptions, 'plan' | 'apiKey' | 'baseUrl' | 'fetch'> {
  readonly caller: McpCaller
  /** Name of CoinGecko's tool at the caller. Default `coingecko__execute`. */
  readonly tool?: string
}

/** Never called: the server behind the tool has the address and the key. */
const BASE = 'https://coingecko.invalid/api/v3'

/**
 * The verbs, by the `execute` tool of CoinGecko's MCP server. The tool returns the text of the API's answer unchanged, so a verb gives
 * the same records as over REST, to the last digit.
 */
export class CryptoMCPWrapper extends CoinGeckoDSL {
  constructor({ caller, tool = 'coingecko__execute', timeoutMs = 60_000, ...options }: CryptoMCPWrapperOptions) {
    super(new CoinGeckoClient({ ...options, timeoutMs, baseUrl: BASE, fetch: fetchThrough(caller, tool) }))
  }
}

/** Input of the tool, and the output of the code that `codeFor` makes. */
const execute = {
  input: z.object({ code: z.string(), intent: z.string() }),
  output: z.object({ status: z.int(), body: z.string(), headers: z.record(z.string(), z.string()).optional() }),
}

/** A fetch that calls the tool. */
function fetchThrough(caller: McpCaller, tool: string): typeof globalThis.fetch {
  const { verbs } = new MCPWrapper(caller, { execute: { tool, ...execute } })
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const path = url.pathname.slice(new URL(BASE).pathname.length)
    const code = codeFor(path, Object.fromEntries(url.searchParams))
    const { status, body, headers } = await verbs.execute({ code, intent: `GET ${path}` }, { signal: init?.signal ?? undefined })
    return new Response(body, { status, ...(headers && { headers }) })
  }
}

/** Values go in as JSON literals, so none of them can become code. */
const codeFor = (path: string, query: Readonly<Record<string, string>>): string => `async function run(client) {
  try {
    const response = await client.get(${literal(path)}, { query: ${literal(query)}, maxRetries: 0 }).asResponse();
    return JSON.stringify({ status: response.status, body: await response.text() });
  } catch (error) {
    const failure = error as { status?: number; headers?: Headers; error?: unknown; message: string };
    if (failure.status === undefined) throw error;
    const body = failure.error === undefined ? failure.message : JSON.stringify(failure.error);
    const named = ['retry-after', 'date'].flatMap((name) => (failure.headers?.has(name) ? [[name, failure.headers.get(name)]] : []));
    return JSON.stringify({ status: failure.status, body, headers: Object.fromEntries(named) });
  }
}`

const literal = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u2028\u2029]/g, (at) => `\\u${at.charCodeAt(0).toString(16)}`)
