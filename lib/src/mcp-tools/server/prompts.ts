import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { cell } from '../shared/text.ts'

type AddPrompt = (server: McpServer) => void

const say = (text: string) => ({ messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] })

/** Created once, because a server is created for each request. */
const briefArguments = z.object({
  coins: z.string().optional().describe('ids of coins, comma-separated; the whole market when left out'),
})
const reviewArguments = z.object({ source: z.string().optional().describe('only this source') })

export const prompts: readonly AddPrompt[] = [
  (server) =>
    server.registerPrompt(
      'market_brief',
      {
        title: 'Market brief',
        description: 'A short brief of the market, or of some coins, from what is stored.',
        argsSchema: briefArguments,
      },
      ({ coins }) =>
        say(
          `Write a brief of ${coins ? `these coins: ${cell(coins)}` : 'the market'}, from the tools of qicore alone: get_market_summary for breadth and movers, ` +
            'get_latest_prices for prices, technical_analysis for the trend of what stands out. State for each figure its source and time, ' +
            'copy exact figures digit by digit, and say so where records are simulated, manual or stale (get_data_health). At most 200 words.',
        ),
    ),
  (server) =>
    server.registerPrompt(
      'data_quality_review',
      {
        title: 'Data quality review',
        description: 'Stale and missing data and dead letters, and what to do about them.',
        argsSchema: reviewArguments,
      },
      ({ source }) =>
        say(
          `Review the quality of the stored data${source ? ` of the source ${cell(source)}` : ''}: get_data_health for age and holes, dead_letters for ` +
            'refused records and why, platform_health for parts that are not up. List the faults by weight, each with its cause and the call that ' +
            'would fix it (such as batch_process_data with operation backfill); call nothing that changes data before I agree.',
        ),
    ),
]
