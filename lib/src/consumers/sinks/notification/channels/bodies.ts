import { type Message, within } from '../message.ts'

const SLACK_MOST = 4000
const DISCORD_MOST = 2000
const TELEGRAM_MOST = 4096
/** ntfy counts bytes, of which a character has up to four. */
const NTFY_MOST = 1000

const plain = ({ title, lines }: Message): string => [title, ...lines].join('\n')

/** Escapes `<…>`, which Slack reads as a mention or a link: `<!channel>` in a name would notify everybody. */
export const slackBody = (message: Message): object => ({
  text: within(plain(message), SLACK_MOST).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  mrkdwn: false,
})

/** Turns mentions off and escapes Markdown. */
export const discordBody = (message: Message): object => ({
  content: within(plain(message).replaceAll(/[\\*_~`|>#@[\]()<]/g, '\\$&'), DISCORD_MOST),
  allowed_mentions: { parse: [] },
  flags: SUPPRESS_EMBEDS,
})
const SUPPRESS_EMBEDS = 1 << 2

/** Has no parse mode, so Telegram shows the text without markup. */
export const telegramBody =
  (chatId: string) =>
  (message: Message): object => ({
    chat_id: chatId,
    text: within(plain(message), TELEGRAM_MOST),
    link_preview_options: { is_disabled: true },
  })

const PRIORITY: Readonly<Record<Message['severity'], number>> = { info: 2, warning: 3, critical: 5 }

export const ntfyBody =
  (topic: string) =>
  ({ title, lines, severity }: Message): object => ({
    topic,
    title: within(title, NTFY_MOST / 4),
    message: within(lines.join('\n'), NTFY_MOST),
    priority: PRIORITY[severity],
  })
