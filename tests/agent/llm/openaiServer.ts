import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Message {
  readonly role: string
  readonly content?: string | null
  readonly tool_call_id?: string
}

/** A request for a chat completion, as far as scripts look at it. */
export interface Completion {
  /** Which request it is, from 0. */
  readonly turn: number
  readonly headers: IncomingHttpHeaders
  readonly model: string
  readonly messages: readonly Message[]
  readonly tools: readonly string[]
  readonly toolChoice: unknown
  /** Results of the tools so far, oldest first: parsed JSON, else the text. */
  readonly results: readonly unknown[]
}

export interface Reply {
  readonly text?: string
  readonly calls?: readonly { readonly tool: string; readonly arguments: Readonly<Record<string, unknown>> }[]
  /** In and out together; default 100. `null`: the server does not say. */
  readonly tokens?: number | null
  readonly status?: number
  readonly error?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Never answered. */
  readonly hangs?: boolean
}

export interface OpenAiServer extends AsyncDisposable {
  /** Value for `llm.base_url`. */
  readonly url: string
  readonly asked: readonly Completion[]
  /** Settles once so many requests have come. */
  reached(count: number): Promise<void>
}

/** A local server of OpenAI's chat completions, whose model is a function: it calls tools and writes its text from their results. */
export async function openAiServer(script: (completion: Completion) => Reply): Promise<OpenAiServer> {
  const asked: Completion[] = []
  const waiting: { readonly count: number; readonly resolve: () => void }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.url !== '/v1/chat/completions') return send(response, { status: 404, error: `nothing at ${request.url}` }, 0)
    const body = JSON.parse(Buffer.concat(chunks).toString()) as {
      model: string
      messages: Message[]
      tools?: { function: { name: string } }[]
      tool_choice?: unknown
    }
    const completion: Completion = {
      turn: asked.length,
      headers: request.headers,
      model: body.model,
      messages: body.messages,
      tools: (body.tools ?? []).map((tool) => tool.function.name),
      toolChoice: body.tool_choice,
      results: body.messages.filter(({ role }) => role === 'tool').map(({ content }) => parsed(content ?? '')),
    }
    asked.push(completion)
    for (const waiter of waiting) if (asked.length >= waiter.count) waiter.resolve()
    send(response, script(completion), completion.turn)
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    async reached(count) {
      const { promise, resolve } = Promise.withResolvers<void>()
      if (asked.length >= count) return
      waiting.push({ count, resolve })
      await promise
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function send(response: ServerResponse, reply: Reply, turn: number): void {
  if (reply.hangs) return
  const status = reply.status ?? 200
  response.writeHead(status, { 'content-type': 'application/json', ...reply.headers })
  if (status !== 200) return void response.end(JSON.stringify({ error: { message: reply.error ?? 'failed' } }))
  const calls = (reply.calls ?? []).map((call, i) => ({
    id: `call-${turn}-${i}`,
    type: 'function',
    function: { name: call.tool, arguments: JSON.stringify(call.arguments) },
  }))
  const message = { role: 'assistant', content: reply.text ?? null, ...(calls.length > 0 && { tool_calls: calls }) }
  const tokens = reply.tokens === undefined ? 100 : reply.tokens
  response.end(
    JSON.stringify({
      id: `completion-${turn}`,
      created: 0,
      model: 'script',
      choices: [{ index: 0, message, finish_reason: calls.length > 0 ? 'tool_calls' : 'stop' }],
      ...(tokens !== null && { usage: { prompt_tokens: tokens - 10, completion_tokens: 10, total_tokens: tokens } }),
    }),
  )
}
