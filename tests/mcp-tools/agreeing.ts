import { expect } from 'vitest'

/** The token that a refusal asks to repeat. */
export function tokenOf(refusal: string): string {
  const [, token] = /confirm: "(yes-[0-9a-f]{16})"/.exec(refusal) ?? []
  expect(token, refusal).toBeDefined()
  return token as string
}

interface Tools {
  call<T = Record<string, unknown>>(tool: string, input?: Record<string, unknown>): Promise<T>
  refused(tool: string, input?: Record<string, unknown>): Promise<string>
}

/** The input of a call that destroys, with the token that its refusal gave. */
export const confirmed = async ({ refused }: Tools, tool: string, input: Record<string, unknown>) => ({
  ...input,
  confirm: tokenOf(await refused(tool, input)),
})

/** Calls what destroys as a client does that cannot ask its user: it is refused, and repeats the token. */
export const agreed = async <T = Record<string, unknown>>(tools: Tools, tool: string, input: Record<string, unknown>) =>
  tools.call<T>(tool, await confirmed(tools, tool, input))
