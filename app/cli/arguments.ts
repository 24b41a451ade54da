import { InvalidArgumentError } from 'commander'

/** Parses a flag that is a whole number from 1 on. */
export function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1 on.')
  return Number(text)
}

/** Parses a flag that is a whole number from 1 to `most`. */
export const positiveUpTo =
  (most: number) =>
  (text: string): number => {
    const number = positive(text)
    if (number > most) throw new InvalidArgumentError(`expected a whole number from 1 to ${most}.`)
    return number
  }

/** Parses a flag that takes `a,b` and may be repeated. */
export const list = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
]

/** Parses a flag that is a whole number from 0 on. */
export function atLeastZero(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 0 on.')
  return Number(text)
}
