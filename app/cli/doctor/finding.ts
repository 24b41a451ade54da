import { withTimeout } from '../../../lib/src/base/networking/index.ts'
import { type CheckResult, toQiError } from '../../../lib/src/base/types/index.ts'

/** `unused`: not in use, or absent and not needed. */
export type Verdict = 'ok' | 'failed' | 'unused'

export interface Finding {
  readonly name: string
  readonly verdict: Verdict
  /** One line: the thing that works, or does not. */
  readonly summary: string
  /** The next step for the user. */
  readonly remedy?: string
  readonly details?: Readonly<Record<string, string | number | boolean>>
}

export const ok = (name: string, summary: string, details?: Finding['details']): Finding => ({
  name,
  verdict: 'ok',
  summary,
  ...(details && { details }),
})

export const failed = (name: string, summary: string, remedy?: string): Finding => ({
  name,
  verdict: 'failed',
  summary,
  ...(remedy && { remedy }),
})

export const unused = (name: string, summary: string, remedy?: string): Finding => ({
  name,
  verdict: 'unused',
  summary,
  ...(remedy && { remedy }),
})

/** The finding of an engine's check of itself. */
export const found = (name: string, { ok: works, summary, remedy, details }: CheckResult): Finding => ({
  name,
  verdict: works ? 'ok' : 'failed',
  summary,
  ...(!works && remedy && { remedy }),
  ...(details && { details }),
})

/** Runs a check; one that takes longer than the time limit has failed. */
export async function within(
  name: string,
  milliseconds: number,
  check: (signal: AbortSignal) => Promise<Finding[]>,
  remedy?: string,
): Promise<Finding[]> {
  return withTimeout(milliseconds, name, check).catch((thrown: unknown) => {
    const { code, message } = toQiError(thrown)
    const late = code === 'TIMEOUT' && message.startsWith(`${name}: `)
    return [failed(name, late ? `no answer within ${milliseconds / 1000} s` : message, remedy)]
  })
}
