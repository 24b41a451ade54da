import type { z } from 'zod'
import { wordIssue } from '../../base/types/index.ts'

/** A faulty argument in words: its path, the given value, and the expected one. */
export function describeIssue(issue: z.core.$ZodIssue, given: unknown): string {
  const path = issue.path.join('.')
  const value = issue.path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], given)
  const shown = value === undefined ? '' : ` ${shortJson(value)}`
  return path ? `${path}${shown}: ${wordIssue(issue)}` : `arguments${shown}: ${wordIssue(issue)}`
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
