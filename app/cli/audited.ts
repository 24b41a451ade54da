import type { Store } from '../../lib/src/base/database/index.ts'
import { type QiError, toQiError } from '../../lib/src/base/types/index.ts'
import { AuditLog } from '../../lib/src/mcp-tools/index.ts'
import { commandLineUser } from './caller.ts'

/**
 * Runs the work of a command that changes something, with a line in the audit log, as a call of a tool has one.
 * @param failureOf the failure in a result, for work that returns it instead of throwing
 */
export async function audited<T>(
  { pool }: Pick<Store, 'pool'>,
  command: string,
  input: Readonly<Record<string, unknown>>,
  work: () => Promise<T>,
  failureOf: (result: T) => QiError | undefined = () => undefined,
): Promise<T> {
  const log = await AuditLog.open(pool)
  const line = await log.add({ by: commandLineUser('cli'), tool: `qicore ${command}`, effect: 'write', input }, 'started')
  try {
    const result = await work()
    await log.finish(line, undefined, failureOf(result))
    return result
  } catch (failure) {
    await log.finish(line, undefined, toQiError(failure)).catch(() => {})
    throw failure
  }
}
