import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type CheckResult, defineSink, parseSize, quantityText, type RowSink, toQiError } from '../../../base/types/index.ts'
import { judge } from '../shared/http/answers.ts'
import { idOfAll } from '../shared/http/entries.ts'
import { HttpSink } from '../shared/http/HttpSink.ts'
import { HttpTarget } from '../shared/http/HttpTarget.ts'
import { checkHttp, httpSettings } from '../shared/http/settings.ts'
import { bodyOf } from './body.ts'
import { keyOf, secretProblem, signatureHeaders } from './signature.ts'

const secret = () =>
  z.string().superRefine((text, context) => {
    const message = secretProblem(text)
    if (message) context.addIssue({ code: 'custom', message })
  })

/** Sends records in signed requests, those of a partition in order. */
export const webhook = defineSink({
  name: 'webhook',
  summary:
    'Requests signed by Standard Webhooks, with records as they were streamed; at least once, with ids that a repeat does not change',
  config: z
    .object({
      url: z.string().describe('where records are sent, by POST').meta({ secret: true }),
      secret: secret().describe('signs each request: whsec_ and the Base64 of 24 to 64 bytes').meta({ secret: true }),
      previous_secret: secret()
        .optional()
        .describe('signs each request as well, while receivers change from it to the secret')
        .meta({ secret: true }),
      max_records: z
        .int()
        .min(1)
        .max(10_000)
        .default(100)
        .describe('most records in a request; with 1 its id is that of a record'),
      max_bytes: quantityText(parseSize)
        .default('1MiB')
        .describe('most bytes of records in a request; a larger record goes alone'),
      ...httpSettings,
    })
    .check(checkHttp),
  open: async (settings, { name, pipeline }): Promise<RowSink> => {
    const { url } = settings
    const secrets = [settings.secret, settings.previous_secret].filter((one) => one !== undefined)
    const keys = secrets.map(keyOf)
    const target = new HttpTarget({ ...settings, destination: name, secrets })
    const request = (id: string, body: Uint8Array<ArrayBuffer>) => ({
      ...{ url, method: 'POST', body },
      headers: { 'content-type': 'application/json', ...signatureHeaders(keys, { id, body, now: Date.now() }) },
    })
    const test = async (signal?: AbortSignal): Promise<CheckResult> => {
      try {
        const answer = await target.send(request(`${name}/ping/${randomUUID()}`, bodyOf({ name: 'ping' }, [])), signal)
        const refusal = judge(answer, target)
        if (refusal) throw refusal
        return { ok: true, summary: `${target.origin} took a signed ping (${answer.status})` }
      } catch (thrown) {
        const error = toQiError(thrown)
        return { ok: false, summary: error.message, error }
      }
    }
    return new HttpSink({
      ...{ name, pipeline, target, test },
      inFlight: settings.in_flight,
      maxRecords: settings.max_records,
      maxBytes: parseSize(settings.max_bytes),
      accepts: () => true,
      request: (type, entries) => request(idOfAll(entries), bodyOf(type, entries)),
    })
  },
})
