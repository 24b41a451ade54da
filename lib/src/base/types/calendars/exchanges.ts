import type { Calendar } from './Calendar.ts'
import { exchangeCalendar } from './exchangeCalendar.ts'
import { BVMF } from './exchanges/BVMF.ts'
import { XAMS } from './exchanges/XAMS.ts'
import { XASX } from './exchanges/XASX.ts'
import { XBOM } from './exchanges/XBOM.ts'
import { XETR } from './exchanges/XETR.ts'
import { XHKG } from './exchanges/XHKG.ts'
import { XKRX } from './exchanges/XKRX.ts'
import { XLON } from './exchanges/XLON.ts'
import { XMIL } from './exchanges/XMIL.ts'
import { XNYS } from './exchanges/XNYS.ts'
import { XPAR } from './exchanges/XPAR.ts'
import { XSHG } from './exchanges/XSHG.ts'
import { XSWX } from './exchanges/XSWX.ts'
import { XTKS } from './exchanges/XTKS.ts'
import { XTSE } from './exchanges/XTSE.ts'

/** Exchanges whose hours are known, by their ISO 10383 codes. NASDAQ has the hours of the New York Stock Exchange. */
export const EXCHANGES: readonly Calendar[] = [
  ...[XNYS, XLON, XETR, XPAR, XAMS, XSWX, XMIL, XTSE, XTKS, XHKG, XASX, XBOM, XSHG, BVMF, XKRX].map((hours) =>
    exchangeCalendar(hours),
  ),
  exchangeCalendar(XNYS, 'XNAS'),
]
