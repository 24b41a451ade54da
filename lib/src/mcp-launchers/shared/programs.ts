import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** The first executable of that name on the PATH. */
export async function programOnPath(name: string, path: string | undefined): Promise<string | undefined> {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : ['']
  for (const folder of (path ?? '').split(delimiter).filter(Boolean))
    for (const ending of endings) {
      const file = join(folder, name + ending)
      if (await isExecutable(file)) return file
    }
  return undefined
}

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  )

/** Whether a program ends well within ten seconds. */
export const succeeds = (command: string, args: readonly string[]): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  execFile(command, args, { timeout: 10_000 }, (error) => resolve(error === null))
  return promise
}
