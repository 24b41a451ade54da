import { z } from 'zod'
import { marketSettings } from '../shared/settings.ts'

export const config = marketSettings.extend({
  server: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/)
    .default('coingecko')
    .describe("name of CoinGecko's MCP server under mcp.servers"),
  attempts: z.int().min(1).max(10).default(2).describe('most tries of a call'),
})
