import { type Alert, decimal } from '../../../lib/src/base/types/index.ts'

export const NOW = 1_800_000_000_000_000

/** An alert that is active, raised at {@link NOW}. */
export const anAlert = (more: Partial<Alert> = {}): Alert => ({
  name: 'above 1',
  coinId: 'acorn',
  source: 'grove',
  currency: 'usd',
  raisedBy: 'watcher',
  severity: 'warning',
  origin: 'live',
  value: decimal('1.5'),
  message: 'acorn is at 1.5 usd, above 1',
  time: NOW,
  receivedAt: NOW,
  asOf: NOW,
  ...more,
})
