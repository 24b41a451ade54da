import { z } from 'zod'
import { marketSettings } from '../shared/settings.ts'

export const config = marketSettings.extend({
  server: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/)
    .default('coingecko')
    .describe("the MCP server that is CoinGecko's, by its name under mcp.servers"),
  attempts: z.int().min(1).max(10).default(2).describe('how often a call of it is tried in all'),
})
