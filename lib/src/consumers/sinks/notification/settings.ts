import { z } from 'zod'
import { parseDuration, quantityText, SEVERITIES } from '../../../base/types/index.ts'
import { checkHttp, httpSettings } from '../shared/http/settings.ts'
import { parseQuiet } from './quiet.ts'

const { allow, timeout, tls } = httpSettings
const secretUrl = (description: string) => z.string().min(1).describe(description).meta({ secret: true })

const email = z.strictObject({
  host: z.string().min(1).describe('the SMTP server'),
  port: z.int().min(1).max(65_535).default(587),
  security: z
    .enum(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe(
      'starttls: encrypted before the login; tls: encrypted from the first byte, mostly on port 465; none: for a server on this machine',
    ),
  user: z.string().min(1).optional(),
  password: z.string().min(1).optional().meta({ secret: true }),
  from: z.email().describe('the sender'),
  to: z.array(z.email()).min(1).max(50).describe('the receivers'),
})
export type EmailSettings = z.output<typeof email>

const channels = {
  slack: z.strictObject({ url: secretUrl('the URL of an incoming webhook') }).optional(),
  discord: z.strictObject({ url: secretUrl('the URL of a webhook') }).optional(),
  telegram: z
    .strictObject({
      token: z
        .string()
        .regex(/^\d+:[\w-]+$/, 'the token of a bot, such as 123456:ABC')
        .meta({ secret: true }),
      chat_id: z.string().min(1).max(100).describe('the chat: a number as text, or @channel'),
      url: z.string().default('https://api.telegram.org').describe('a Bot API server of your own'),
    })
    .optional(),
  ntfy: z
    .strictObject({
      topic: z
        .string()
        .regex(/^[\w-]{1,64}$/, 'up to 64 letters, digits, _ and -')
        .describe('the topic; anybody who knows it can read it'),
      url: z.string().default('https://ntfy.sh').describe('the server'),
      token: z.string().min(1).optional().describe('an access token').meta({ secret: true }),
    })
    .optional(),
  email: email.optional(),
}
export const CHANNELS = Object.keys(channels) as (keyof typeof channels)[]

const positiveDuration = quantityText(parseDuration).refine((text) => isLongEnough(text), 'must be a second or more')

export const notificationSettings = z
  .object({
    ...channels,
    ...{ allow, timeout, tls },
    remind: positiveDuration.optional().describe('interval of reminders of an active alert; unset: none'),
    group_by: z
      .enum(['none', 'rule', 'coin'])
      .default('none')
      .describe('puts alerts of one rule, or of one coin, that are due at the same time into one message'),
    at_most: z.int().min(1).max(600).default(10).describe('most messages a minute; the last one has all alerts that are left'),
    quiet: z
      .string()
      .refine((text) => parseQuiet(text) !== undefined, 'must be hours and a time zone, such as "22:00-07:00 Europe/Berlin"')
      .optional()
      .describe('hours in which only critical alerts are sent at once; the others follow afterwards, in one message'),
    least: z.enum(SEVERITIES).default('info').describe('lowest severity that is sent'),
    max_age: positiveDuration.default('1h').describe('an alert that ended longer ago than this is no longer sent'),
  })
  .superRefine((settings, context) => {
    const given = CHANNELS.filter((name) => settings[name] !== undefined)
    if (given.length !== 1)
      context.addIssue({
        code: 'custom',
        message: `${given.length === 0 ? 'no channel is given' : `${given.join(' and ')} are given`}: give one of ${CHANNELS.join(', ')}; a second channel needs a second destination`,
      })
    const { allow: allowed, tls: ours } = settings
    for (const name of ['slack', 'discord', 'telegram', 'ntfy'] as const) {
      const url = settings[name]?.url
      if (url === undefined) continue
      const payload = { value: { url, allow: allowed, tls: ours }, issues: [] as z.core.$ZodRawIssue[] }
      void checkHttp(payload)
      for (const { path = [], message } of payload.issues)
        context.addIssue({ code: 'custom', path: path[0] === 'url' ? [name, 'url'] : path, message: message ?? 'is wrong' })
    }
    const { user, password } = settings.email ?? {}
    if ((user === undefined) !== (password === undefined))
      context.addIssue({
        code: 'custom',
        path: ['email', user === undefined ? 'user' : 'password'],
        message: 'user and password belong together',
      })
  })
export type NotificationSettings = z.output<typeof notificationSettings>

function isLongEnough(text: string): boolean {
  try {
    return parseDuration(text) >= 1000
  } catch {
    // quantityText reports it.
    return true
  }
}
