import { readFile, writeFile } from 'node:fs/promises'
import { errorMessage, QiError } from '../../../lib/src/base/types/index.ts'
import { withPipelines } from '../pipelines.ts'
import type { Session } from '../session.ts'

export interface PipelinePullInput {
  readonly name: string
  readonly file?: string
  readonly force?: boolean
}

export async function run(
  session: Session,
  { name, file = `${name}.yaml`, force = false }: PipelinePullInput,
): Promise<undefined> {
  const { text, version, kind, place } = await withPipelines(session, (pipelines) => pipelines.show(name))
  if (text === undefined)
    throw new QiError('UNSUPPORTED', `pipeline ${name} is ${kind} and has no text: ${place} declares it`, { field: 'name' })
  if (file === '-') return void session.out.stream.write(text)
  await write(file, text, force)
  if (session.json) await session.out.json({ name, version, file })
  else await session.out.line(`version ${version} of ${name} is in ${file}`)
}

/** Refuses to overwrite a file that differs, because it may hold changes that were never deployed. */
async function write(file: string, text: string, force: boolean): Promise<void> {
  const there = await readFile(file, 'utf8').catch(() => undefined)
  if (there !== undefined && there !== text && !force)
    throw new QiError(
      'CONFLICT',
      `${file} differs from the deployed text; --force overwrites it, and qicore pipeline pull NAME - prints the text`,
      {
        field: 'file',
      },
    )
  await writeFile(file, text).catch((error: unknown) => {
    throw new QiError('BAD_REQUEST', `${file} cannot be written: ${errorMessage(error)}`, { cause: error, field: 'file' })
  })
}
