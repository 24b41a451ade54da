import { inspect } from 'node:util'
import type { Logger } from '../../lib/src/base/types/index.ts'

const print =
  (level: string) =>
  (...parts: readonly unknown[]): void =>
    console.log(
      level,
      ...parts.map((part) => (typeof part === 'string' ? part : inspect(part, { depth: 1, breakLength: Infinity }))),
    )

/** For processes whose output a failed test shows. */
export const printingLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: print('warn'),
  error: print('error'),
  child: () => printingLogger,
}
