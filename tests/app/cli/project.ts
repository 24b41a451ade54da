import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A project folder that the tests of a file share; removed by `dispose`. */
export interface Project extends AsyncDisposable {
  readonly cwd: string
  readonly home: string
  /** True if its embedded PostgreSQL runs. */
  databaseRuns(): Promise<boolean>
}

export async function makeProject(name: string, yaml = ''): Promise<Project> {
  const cwd = await mkdtemp(join(tmpdir(), `qicore-${name}-`))
  // The user of the embedded server must be able to enter the folder.
  await chmod(cwd, 0o755)
  await writeFile(join(cwd, 'qicore.yaml'), yaml)
  const home = join(cwd, '.qicore')
  return {
    cwd,
    home,
    databaseRuns: async () => {
      const { dataFolder } = JSON.parse(await readFile(join(home, 'postgres.json'), 'utf8')) as { dataFolder?: string }
      return existsSync(join(dataFolder ?? join(home, 'postgres'), 'postmaster.pid'))
    },
    [Symbol.asyncDispose]: () => rm(cwd, { recursive: true, force: true }),
  }
}
