import { RateLimitLedger, type Store } from '../../../lib/src/base/index.ts'
import { duration } from '../text/age.ts'
import { type Finding, failed } from './finding.ts'

/** Providers that asked to be left alone, as the store knows it: until that is over nothing comes from them. */
export async function checkLimits({ pool }: Store): Promise<Finding[]> {
  const now = Date.now()
  return (await new RateLimitLedger(pool).list()).flatMap(({ service, penalty }) =>
    penalty
      ? [
          failed(
            'rate limit',
            `no call to ${service} for ${duration(penalty.until - now)}, as it asked${penalty.by ? `: ${penalty.by}` : ''}`,
            `wait; one call probes it then. \`qicore limits clear ${service}\` lifts it now`,
          ),
        ]
      : [],
  )
}
