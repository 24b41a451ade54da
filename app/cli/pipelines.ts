import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { errorMessage, type PipelineControl, type PipelineSource, QiError } from '../../lib/src/base/types/index.ts'
import { openPipelines } from '../../lib/src/streaming/platform/index.ts'
import { change } from './change.ts'
import { openStoreOf } from './engines.ts'
import type { Session } from './session.ts'

/** Passes the pipelines of the store to `work`; no stream is opened. */
export async function withPipelines<T>(session: Session, work: (pipelines: PipelineControl) => Promise<T>): Promise<T> {
  const loaded = await session.load()
  await using store = await openStoreOf(session, loaded)
  return await session.unlessInterrupted(work(openPipelines(loaded.config, () => store.pool)))
}

/**
 * Changes pipelines.
 * @param input gives the arguments of the tool declare_pipelines; undefined: there is nothing to do
 */
export const changePipelines = (
  session: Session,
  yes: boolean | undefined,
  input: (pipelines: PipelineControl) => Promise<Readonly<Record<string, unknown>> | undefined>,
): Promise<void> => change(session, { tool: 'declare_pipelines', yes }, ({ pipelines }) => input(pipelines))

/** Reads a declaration from a file or stdin, byte for byte. */
export async function readDeclaration(file: string, name: string | undefined): Promise<PipelineSource> {
  const bytes = await (file === '-' ? buffer(process.stdin) : readFile(file)).catch((error: unknown) => {
    throw new QiError('BAD_REQUEST', `${file} cannot be read: ${errorMessage(error)}`, { cause: error, field: 'file' })
  })
  const preset = name ?? (file === '-' ? undefined : basename(file).replace(/\.ya?ml$/i, ''))
  return { text: decoded(bytes, file), file: file === '-' ? 'stdin' : file, ...(preset !== undefined && { name: preset }) }
}

function decoded(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new QiError('BAD_REQUEST', `${file} is no UTF-8 text: save it as UTF-8`, { cause: error, field: 'file' })
  }
}
