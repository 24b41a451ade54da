import { type Setting, settingsOf } from '../../../lib/src/base/types/index.ts'
import { configSchema } from '../../../lib/src/streaming/platform/index.ts'

/** The most common settings, in the order of the file, with an example for those without a default. */
const SHOWN: readonly (readonly [path: string, example?: unknown])[] = [
  ['home', '/var/lib/qicore'],
  ['sources.run', ['coingecko']],
  ['sources.coingecko.coins', ['bitcoin', 'ethereum']],
  ['sources.coingecko.top'],
  ['sources.coingecko.currencies'],
  ['sources.coingecko.intervals.prices', 60],
  ['sources.simulated.seed'],
  ['sources.simulated.interval_ms'],
  ['server.host'],
  ['server.port'],
  ['server.origins', ['https://charts.example']],
  ['store.retention.price', 365],
  ['store.retention.trade', 30],
  ['store.compress_after', 7],
  ['redpanda.brokers', ['redpanda:9092']],
  ['agents.run', ['data-store', 'crypto-market']],
  ['log.level'],
]

/** Secrets, which belong in the environment. */
const SECRET = ['sources.coingecko.api_key', 'server.token', 'database.url']

const HEAD = `# Settings of this project. Every line is a comment: a setting that is commented out has its default, or is not set.
# Flags win over the environment, and that over this file. All settings: docs/reference/configuration.md
#   qicore config check   checks this file
#   qicore config show    shows the value of each setting, and where it came from
`

/** A qicore.yaml of comments, made from the declarations of the settings. */
export function startingFile(): string {
  const settings = new Map(settingsOf(configSchema).map((setting) => [setting.path, setting]))
  const named = (path: string): Setting => {
    const setting = settings.get(path)
    if (!setting) throw new TypeError(`there is no setting ${path}`)
    return setting
  }
  const lines = [HEAD, '# Secrets belong in the environment:']
  for (const path of SECRET) {
    const { env, description } = named(path)
    lines.push(`#   ${env}: ${description}`)
  }
  let before: readonly string[] = []
  for (const [path, example] of SHOWN) {
    const { description, schema } = named(path)
    const parts = path.split('.')
    const same = parts.findIndex((part, i) => part !== before[i])
    if (same === 0) lines.push('')
    for (const [depth, part] of parts.slice(0, -1).entries()) if (depth >= same) lines.push(`#${'  '.repeat(depth)}${part}:`)
    const indent = '  '.repeat(parts.length - 1)
    const preset = schema.safeParse(undefined)
    const value = preset.success && preset.data !== undefined ? preset.data : example
    lines.push(`#${indent}# ${description}`, `#${indent}${parts.at(-1)}: ${JSON.stringify(value)}`)
    before = parts
  }
  return `${lines.join('\n')}\n`
}
