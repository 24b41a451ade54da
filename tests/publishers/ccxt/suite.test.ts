import { ccxt } from '../../../lib/src/publishers/sources/ccxt/index.ts'
import { sourceSuite } from '../../contracts/sourceSuite.ts'
import { describeWith } from '../../support/services.ts'
import {
  contextOf,
  settingsOf,
  startExchange,
  UPBIT,
  upbitCandle,
  upbitMarkets,
  upbitTicker,
  upbitTrade,
} from './exchangeServer.ts'

const MINUTE = 60_000

async function open(name: string) {
  const now = Math.floor(Date.now() / MINUTE) * MINUTE
  const server = await startExchange({
    [UPBIT.markets]: upbitMarkets('BTC/KRW'),
    [UPBIT.trades]: `[${[3, 2, 1].map((id) => upbitTrade(`1796061164362000${id}`, now + id)).join()}]`,
    [UPBIT.candles]: `[${upbitCandle(now)},${upbitCandle(now - MINUTE)}]`,
    [UPBIT.ticker]: `[${upbitTicker('BTC/KRW', '93812000.50', now)}]`,
  })
  const settings = settingsOf(server, { exchange: 'upbit', symbols: ['BTC/KRW'], trades: true })
  return {
    source: await ccxt.open(settings, contextOf(name)),
    work: () => server.asked.length,
    dispose: async () => server[Symbol.asyncDispose](),
  }
}

async function openUnreachable(name: string) {
  const server = await startExchange({})
  const settings = settingsOf(server, { exchange: 'upbit', symbols: ['BTC/KRW'] })
  await server[Symbol.asyncDispose]()
  return { source: await ccxt.open(settings, contextOf(name)) }
}

describeWith('ccxt', 'ccxt', () => sourceSuite('ccxt', { open, openUnreachable, batches: 4 }))
