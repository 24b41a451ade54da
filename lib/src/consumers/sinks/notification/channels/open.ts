import { optionalPackage, parseDuration } from '../../../../base/types/index.ts'
import type { EmailSettings, NotificationSettings } from '../settings.ts'
import { discordBody, ntfyBody, slackBody, telegramBody } from './bodies.ts'
import type { Channel } from './channel.ts'
import { EmailChannel } from './EmailChannel.ts'
import { HttpChannel } from './HttpChannel.ts'

/** Opens the configured channel. @throws QiError CONFIG_INVALID */
export async function openChannel(destination: string, settings: NotificationSettings): Promise<Channel> {
  const { slack, discord, telegram, ntfy, email, allow, timeout, tls } = settings
  const of = (kind: string) => ({ kind, destination, allow, timeout, tls })
  if (slack) return new HttpChannel({ ...of('slack'), ...slack, secrets: [slack.url], body: slackBody })
  if (discord) return new HttpChannel({ ...of('discord'), ...discord, secrets: [discord.url], body: discordBody })
  if (telegram)
    return new HttpChannel({
      ...of('telegram'),
      ...telegram,
      url: `${trimmed(telegram.url)}/bot${telegram.token}/sendMessage`,
      secrets: [telegram.token],
      body: telegramBody(telegram.chat_id),
    })
  if (ntfy)
    return new HttpChannel({
      ...of('ntfy'),
      ...ntfy,
      url: `${trimmed(ntfy.url)}/`,
      secrets: ntfy.token === undefined ? [] : [ntfy.token],
      ...(ntfy.token !== undefined && { headers: { authorization: `Bearer ${ntfy.token}` } }),
      body: ntfyBody(ntfy.topic),
    })
  return openEmail(`destinations.${destination}.email`, email as EmailSettings, parseDuration(timeout))
}

const trimmed = (url: string): string => url.replace(/\/+$/, '')

async function openEmail(at: string, settings: EmailSettings, ms: number): Promise<Channel> {
  const { createTransport } = await optionalPackage<typeof import('nodemailer')>({
    ...{ name: 'nodemailer', major: 10, neededBy: at, field: at },
  })
  const { host, port, security, user, password } = settings
  const transport = createTransport({
    ...{ host, port, secure: security === 'tls', requireTLS: security === 'starttls', ignoreTLS: security === 'none' },
    ...{ connectionTimeout: ms, greetingTimeout: ms, socketTimeout: ms, dnsTimeout: ms },
    ...(user !== undefined && { auth: { user, pass: password } }),
  })
  return new EmailChannel(at, settings, transport)
}
