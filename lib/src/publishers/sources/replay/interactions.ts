import { z } from 'zod'
import {
  type InteractionParser,
  nowMicros,
  QiError,
  type RecordedInteraction,
  readRecordedAt,
  wordIssue,
} from '../../../base/types/index.ts'
import type { LineParser, Parsed } from '../../files/rows/parser.ts'
import type { ReplayConfig } from './config.ts'

const schema = z.object({
  recorded_at: z.string(),
  request: z.object({
    method: z.string(),
    url: z.string(),
    headers: z.record(z.string(), z.unknown()).optional(),
    body: z.string().optional(),
  }),
  response: z.object({ status: z.int(), headers: z.record(z.string(), z.unknown()).default({}), body: z.string() }),
})

/** Parses recorded interactions, one JSON object a line. */
export function interactionsParser(read: InteractionParser, config: ReplayConfig): LineParser {
  return {
    type: undefined,
    parse(line): Parsed | undefined {
      if (line.trim() === '') return undefined
      const interaction = interactionOf(line)
      const moment = readRecordedAt(interaction.recorded_at)
      const seen = { origin: 'replay', receivedAt: config.received_at === 'recorded' ? moment : nowMicros() }
      const answered = read(interaction)
      if (!answered) throw new QiError('BAD_DATA', `no source type parses answers of ${hostOf(interaction.request.url)}`)
      const batches = answered.map((batch) => ({
        ...batch,
        records: batch.records.map((record) => ({ ...record, ...seen })),
      }))
      return { batches, moment }
    },
  }
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : `"${url.slice(0, 60)}"`)

function interactionOf(line: string): RecordedInteraction {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new QiError('BAD_DATA', `not JSON: ${(error as Error).message}`, { cause: error })
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new QiError('BAD_DATA', `not a recorded interaction: ${issue?.path.join('.')}: ${issue && wordIssue(issue)}`)
}
