import { RateLimitLedger, type Store } from '../../../lib/src/base/database/index.ts'
import { duration } from '../text/age.ts'
import { type Finding, failed } from './finding.ts'

/** Finds the providers that throttle us, as the store knows it: until then they send no data. */
export async function checkLimits({ pool }: Store): Promise<Finding[]> {
  const now = Date.now()
  return (await new RateLimitLedger(pool).list()).flatMap(({ service, penalty }) =>
    penalty
      ? [
          failed(
            'rate limit',
            `${service} throttles us: no call for ${duration(penalty.until - now)}${penalty.by ? `, because of: ${penalty.by}` : ''}`,
            `wait; then one call probes it. \`qicore limits clear ${service}\` ends the penalty now`,
          ),
        ]
      : [],
  )
}
