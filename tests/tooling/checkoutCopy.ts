import { execFile } from 'node:child_process'
import { copyFile, cp, mkdir, mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const ROOT = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

export interface CheckoutCopy {
  readonly folder: string
  /** Runs a command in it. @returns stdout and stderr */
  readonly inCheckout: (command: string, ...args: string[]) => Promise<string>
  /** @throws Error with the errors of types */
  readonly checkTypes: () => Promise<unknown>
}

/**
 * A copy of the checkout, for a page that says how to add something to it. It lies in the folder of the run.
 * @param withTests default false
 */
export async function copyOfCheckout(env: Readonly<Record<string, string>>, withTests = false): Promise<CheckoutCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'qicore-checkout-'))
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  for (const file of stdout.split('\0').filter((name) => name && (withTests || !name.startsWith('tests/')))) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await cp(join(ROOT, file), join(folder, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error // deleted, and not committed yet
    })
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  // With what the last check of types found, only files that differ are checked.
  if (withTests) await copyFile(join(ROOT, '.tsbuildinfo'), join(folder, '.tsbuildinfo')).catch(() => {})
  const inCheckout = async (command: string, ...args: string[]) => {
    const { stdout: out, stderr } = await run(command, args, { cwd: folder, env: { ...process.env, NODE_OPTIONS: '', ...env } })
    return `${out}${stderr}`
  }
  return {
    folder,
    inCheckout,
    // The packages keep the names under which the last check knows them: else it would be made for all files.
    checkTypes: () => inCheckout('npm', 'run', '--silent', 'types', '--', '--preserveSymlinks'),
  }
}
