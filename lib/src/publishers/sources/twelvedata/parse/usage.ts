import type { ExactJson } from '../../../../base/types/index.ts'
import { integerOf, objectOf } from '../../shared/json.ts'

/** Credits of the key, as Twelve Data counts them. */
export interface ApiUsage {
  readonly plan?: string
  readonly minuteUsed: number
  readonly minuteLimit: number
  readonly dayUsed?: number
  readonly dayLimit?: number
}

/** `api_usage`. @throws QiError BAD_DATA */
export function parseUsage(body: ExactJson): ApiUsage {
  const usage = objectOf(body, 'the answer')
  const { plan_category: plan, daily_usage: dayUsed, plan_daily_limit: dayLimit } = usage
  return {
    ...(typeof plan === 'string' && { plan }),
    minuteUsed: integerOf(usage.current_usage, 'current_usage'),
    minuteLimit: integerOf(usage.plan_limit, 'plan_limit'),
    ...(dayUsed !== undefined && { dayUsed: integerOf(dayUsed, 'daily_usage') }),
    ...(dayLimit !== undefined && { dayLimit: integerOf(dayLimit, 'plan_daily_limit') }),
  }
}
