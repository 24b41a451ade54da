import { z } from 'zod'
import { defineTool, type ToolContext } from '../../base/agent/index.ts'
import { formatTime, QiError, type SourceStatus, termsText } from '../../base/types/index.ts'
import { saying } from '../shared/text.ts'

const setting = z.object({
  name: z.string(),
  summary: z.string(),
  default: z.unknown().optional(),
  by_operator_only: z.boolean().optional().describe('true if it cannot be set here'),
})

const publisher = z.object({
  source: z.string(),
  type: z.string(),
  state: z.string().describe('idle: not started; elsewhere: another process runs it'),
  summary: z.string(),
  gives_history: z.boolean(),
  terms: z.string().optional().describe('of its provider'),
  fallback_for: z.string().optional(),
  received: z.number().optional().describe('records pulled since it started'),
  published: z.number().optional().describe('records durable in the stream'),
  invalid: z.number().optional().describe('records put into the dead letters'),
  last_record_time: z.string().optional(),
  trouble: z.string().optional().describe('its current failure'),
})

const output = z.object({
  done: z.string().optional().describe('what this call did'),
  publishers: z.array(publisher),
  settings: z.array(setting).optional().describe('of the source that was named'),
})

/** Starts, stops and lists publishers; records never go through it. */
export const streamCryptoData = defineTool({
  name: 'stream_crypto_data',
  title: 'Start and stop sources',
  summary:
    'Lists the sources that can publish into the stream, and starts or stops one. Naming a source in a list shows its settings. A source that is started runs until it is stopped or the platform ends; its records go to the stream and the store, and consume_stream_data and get_latest_prices read them there.',
  set: 'CryptoDataTools',
  effect: 'write',
  reads: ['list'],
  input: z.object({
    action: z.enum(['list', 'start', 'stop']).default('list').describe('what to do'),
    source: z.string().min(1).max(60).optional().describe('such as coingecko or simulated; needed to start and stop'),
    settings: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('of a start, instead of the configured ones until it is stopped, such as {"coins": ["bitcoin"]}'),
  }),
  output,
  async run({ action, source, settings }, context) {
    const { platform } = context
    if (action === 'list') {
      if (settings)
        throw new QiError('BAD_REQUEST', 'settings: only a start takes them; set action to "start"', { field: 'settings' })
      return answer(context, source)
    }
    if (source === undefined) {
      const names = platform.listSources().map(({ name }) => name)
      throw new QiError('BAD_REQUEST', `source is missing: name the source to ${action}, one of ${names.join(', ')}`, {
        field: 'source',
      })
    }
    if (action === 'stop') {
      if (settings) throw new QiError('BAD_REQUEST', 'settings: only a start takes them', { field: 'settings' })
      await platform.stopSource(source)
      return answer(context, source, `${source} has stopped; what it gave is in the stream`)
    }
    await platform.startSource(source, settings)
    return answer(context, source, `${source} was started; list it again to see whether it publishes`)
  },
  facts: () => ({}),
  text: ({ done, publishers, settings }) =>
    [
      ...(done === undefined ? [] : [done]),
      ...publishers.map((one) => {
        const counts = one.published === undefined ? '' : `, ${one.published} published, ${one.invalid} invalid`
        const trouble = one.trouble === undefined ? '' : `, trouble: ${saying(one.trouble)}`
        return `${one.source}: ${one.state}${counts}${trouble}`
      }),
      ...(settings ? [`settings: ${settings.map(({ name }) => name).join(', ')}`] : []),
    ].join('\n'),
})

async function answer(context: ToolContext, named: string | undefined, done?: string): Promise<z.input<typeof output>> {
  const { platform } = context
  const all = platform.listSources()
  const chosen = named === undefined ? all : all.filter(({ name }) => name === named)
  if (chosen.length === 0)
    throw new QiError(
      'NOT_FOUND',
      `source "${named}": there is none of that name; there is ${all.map(({ name }) => name).join(', ')}`,
      {
        field: 'source',
      },
    )
  const publishers = await Promise.all(chosen.map((source) => describe(context, source)))
  return {
    ...(done !== undefined && { done }),
    publishers,
    ...(named !== undefined &&
      done === undefined && {
        settings: (chosen[0] as SourceStatus).settings.map(({ name, summary, schema, open }) => ({
          name,
          summary,
          ...('default' in schema && JSON.stringify(schema.default).length <= 100 && { default: schema.default }),
          ...(!open && { by_operator_only: true }),
        })),
      }),
  }
}

async function describe({ platform, coverage }: ToolContext, source: SourceStatus): Promise<z.input<typeof publisher>> {
  const { name, type, summary, history, state, fallbackFor, terms } = source
  const stats = platform.getStatus().publishers.find((one) => one.source === name)
  const elsewhere = state !== 'running' && state !== 'restarting' && (await coverage.runs(name))
  const trouble =
    stats?.trouble?.error.message ??
    stats?.warnings?.[0]?.message ??
    platform.getStatus().parts.find((part) => part.name === `source ${name}`)?.lastError?.message
  return {
    source: name,
    type,
    state: elsewhere ? 'elsewhere' : state,
    summary,
    gives_history: history,
    ...(terms && { terms: termsText(terms) }),
    ...(fallbackFor !== undefined && { fallback_for: fallbackFor }),
    ...(stats && {
      received: stats.received,
      published: stats.published,
      invalid: stats.invalid,
      ...(stats.lastRecordTime !== null && { last_record_time: formatTime(stats.lastRecordTime) }),
    }),
    ...(trouble !== undefined && { trouble: trouble.slice(0, 300) }),
  }
}
