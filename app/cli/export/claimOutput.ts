import { QiError } from '../../../lib/src/base/types/index.ts'
import { askSocket, claimSocket } from '../claim/claimSocket.ts'
import { socketAt } from '../claim/socketPath.ts'

/**
 * Claims an output for this process, so that two exports never write one file. A claim of a killed process does not count.
 * @param lock path of the claim: a file beside the output, inside a folder that exists
 * @throws QiError CONFLICT if another export writes there now
 */
export async function claimOutput(output: string, lock: string): Promise<AsyncDisposable> {
  const path = await socketAt(lock)
  const release = await claimSocket({
    path,
    answer: () => String(process.pid),
    async refusal() {
      const pid = await askSocket(path)
      if (pid === undefined) return undefined
      return new QiError(
        'CONFLICT',
        `another export writes ${output} now${/^\d+$/.test(pid) ? ` (process ${pid})` : ''}: wait until it ends, or name another output`,
        { field: 'output' },
      )
    },
  })
  return { [Symbol.asyncDispose]: release }
}
