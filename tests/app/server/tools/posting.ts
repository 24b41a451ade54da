/** The answer to a call over HTTP. */
export interface Answered {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  readonly body: Record<string, any>
}

export interface PostOptions {
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

const answered = async (response: Response): Promise<Answered> => ({
  status: response.status,
  headers: response.headers,
  body: (await response.json()) as Answered['body'],
})

const headersOf = ({ token, headers }: PostOptions) => ({
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
  ...headers,
})

/** Calls a tool. */
export const post = async (url: string, tool: string, given: unknown, options: PostOptions = {}): Promise<Answered> =>
  answered(
    await fetch(`${url}/api/v1/tools/${tool}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headersOf(options) },
      body: JSON.stringify(given),
    }),
  )

export const ask = async (
  url: string,
  path: string,
  options: PostOptions & { readonly method?: string } = {},
): Promise<Answered> => answered(await fetch(url + path, { method: options.method ?? 'GET', headers: headersOf(options) }))
