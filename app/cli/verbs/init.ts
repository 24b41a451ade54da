import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errorMessage, QiError, systemCode } from '../../../lib/src/base/types/index.ts'
import { startingFile } from '../init/startingFile.ts'
import type { Session } from '../session.ts'

export async function run(session: Session): Promise<undefined> {
  const file = resolve('qicore.yaml')
  try {
    // The flag makes the system refuse an existing file, without a race between check and write.
    await writeFile(file, startingFile(), { flag: 'wx' })
  } catch (error) {
    if (systemCode(error) === 'EEXIST')
      throw new QiError('CONFLICT', `${file} exists already and was not changed: edit it; qicore config check checks it`, {
        field: 'file',
      })
    throw new QiError('CONFLICT', `${file} cannot be written: ${errorMessage(error)}`, { cause: error, field: 'file' })
  }
  if (session.json) return void (await session.out.json({ file }))
  await session.out.line(`written: ${file}`)
  await session.remark(
    'every line is a comment: remove the # before the settings you want to change, then run qicore config check and qicore up',
  )
}
