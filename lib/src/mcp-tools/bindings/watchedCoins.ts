import { z } from 'zod'
import { idCheck, TIMEFRAMES } from '../../base/types/index.ts'

/** The coins and series that an agent watches: settings under its name in qicore.yaml. */
export const watchedCoins = {
  coins: z
    .array(z.string().trim().min(1).max(200).check(idCheck))
    .min(1)
    .max(100)
    .optional()
    .describe(
      'ids of the coins, such as bitcoin or BTC/USDT, also with their source: binance:BTC/USDT; default: the largest of those that are stored',
    ),
  top: z.int().min(1).max(100).default(10).describe('how many coins where none are named'),
  currency: z
    .string()
    .trim()
    .min(1)
    .max(20)
    .check(idCheck)
    .default('usd')
    .describe('the currency of the figures of coins; a pair such as BTC/USDT has its own'),
  source: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe('only figures of this source; default: the preferred series of each coin'),
  timeframe: z.enum(TIMEFRAMES).default('1h').describe('the candles that are looked at'),
}
