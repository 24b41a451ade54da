import { z } from 'zod'
import { addressTest, tlsProblems, tlsSettings } from '../../../../base/networking/index.ts'
import { parseDuration, quantityText, toQiError } from '../../../../base/types/index.ts'

const SHORTEST_MS = 100
const LONGEST_MS = 600_000

/** Settings of every HTTP destination, besides its `url`. */
export const httpSettings = {
  allow: z
    .array(z.string().superRefine(checkAddress))
    .default([])
    .describe(
      'private addresses that may be reached: addresses, or blocks such as 10.1.0.0/16; unset: public addresses only. With a url of http:// only these may be reached',
    ),
  timeout: quantityText(parseDuration)
    .refine((text) => inRange(text), 'must be from 100ms to 10m')
    .default('15s')
    .describe('most time for one answer'),
  in_flight: z.int().min(1).max(1000).default(4).describe('requests at the same time; never more than one for a partition'),
  tls: tlsSettings(undefined, 'the receiver').prefault({}),
}

const shape = z.object(httpSettings)
export type HttpSettings = z.output<typeof shape>

/** The check of settings that have `url` besides {@link httpSettings}. */
export const checkHttp: z.core.CheckFn<Pick<HttpSettings, 'allow' | 'tls'> & { readonly url: string }> = ({ value, issues }) => {
  const problem = urlProblem(value)
  // Without the value, which would be shown: a URL can contain a token.
  if (problem) issues.push({ code: 'custom', input: undefined, path: ['url'], message: problem })
  for (const { path, message } of tlsProblems(value.tls)) issues.push({ code: 'custom', input: value.tls, path, message })
}

function urlProblem({ url, allow }: { readonly url: string; readonly allow: readonly string[] }): string | undefined {
  const parsed = URL.parse(url)
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return 'must begin with https:// (or http://) and name a host'
  if (parsed.username || parsed.password) return 'must not contain a user or password: use a secret or headers instead'
  if (parsed.hash) return 'must not contain #'
  if (parsed.protocol === 'http:' && allow.length === 0)
    return 'http:// sends records unencrypted: use https://, or name the private addresses of the receiver in allow'
  return undefined
}

function inRange(text: string): boolean {
  try {
    const ms = parseDuration(text)
    return ms >= SHORTEST_MS && ms <= LONGEST_MS
  } catch {
    // quantityText reports it.
    return true
  }
}

function checkAddress(text: string, context: z.RefinementCtx): void {
  try {
    addressTest({ allow: [text] })
  } catch (error) {
    context.addIssue({ code: 'custom', message: toQiError(error).message })
  }
}
