import { Webhook } from 'standardwebhooks'
import { price, type RecordType, type RowSink, silentLogger } from '../../lib/src/base/types/index.ts'
import { webhook } from '../../lib/src/consumers/sinks/webhook/index.ts'
import { type Received, receiver } from './receiver.ts'

export const SECRET = `whsec_${Buffer.alloc(32, 'secret').toString('base64')}`
export const priceType = price as unknown as RecordType

export const sinkContext = (pipeline = 'hook') => ({
  name: 'hook',
  pipeline,
  logger: silentLogger,
  signal: new AbortController().signal,
  home: '/nowhere',
  store: undefined as never,
})

export type HttpRowSink = RowSink & Required<Pick<RowSink, 'writeEncoded' | 'test'>>

/** The webhook as its lane opens it; it may reach this machine unless `allow` says otherwise. */
export const openWebhook = async (url: string, settings: Record<string, unknown> = {}): Promise<HttpRowSink> =>
  (await webhook.open(
    webhook.config.parse({ url, secret: SECRET, allow: ['127.0.0.1'], ...settings }),
    sinkContext(),
  )) as HttpRowSink

/** @throws WebhookVerificationError */
export const verify = ({ text, headers }: Received, secret = SECRET): unknown =>
  new Webhook(secret).verify(text, headers as Record<string, string>)

/** A receiver that takes what is signed. */
export async function verifyingReceiver() {
  const made = await receiver()
  made.answer = (received, response) => {
    verify(received)
    response.end()
  }
  return made
}
