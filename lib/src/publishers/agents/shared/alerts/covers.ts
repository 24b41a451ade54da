import type { Alert } from '../../../../base/types/index.ts'
import type { Snapshot, Unseen } from '../report.ts'
import type { AlertRule } from './rules.ts'

/**
 * True if a rule still covers an alert: it has the alert's name, covers its coin, and judges its series. An alert stays while its coin
 * cannot be examined. It ends if its coin is no longer watched, or another series is preferred now.
 * @param examined the coins of this run
 * @param whole true if these are all watched coins
 */
export const coversOf =
  (rules: readonly AlertRule[], examined: readonly (Snapshot | Unseen)[], whole: boolean) =>
  ({ name, coinId, source, currency }: Alert): boolean => {
    if (!rules.some((rule) => rule.name === name && (rule.coin === undefined || rule.coin === coinId))) return false
    const seen = examined.find(({ coin }) => coin === coinId)
    if (seen === undefined) return !whole
    return 'missing' in seen || (seen.source === source && seen.currency === currency)
  }
