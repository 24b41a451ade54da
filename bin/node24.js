// Finding and starting the Node that runs the sources. Plain JavaScript for any Node from 16 on: it is what runs before.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder above bin/. */
export const root = fileURLToPath(new URL('..', import.meta.url))

const oldest = [24, 6]
export const oldestNode = oldest.join('.')

/** True if a version such as `v24.21.0` can run the sources. */
export function isRecent(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number)
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
}

/** @throws Error that says which Node is needed */
export function refuseOldNode() {
  if (!isRecent(process.version))
    throw new Error(`qicore: this is Node ${process.version}, and Node ${oldestNode} or newer is needed`)
}

/** The Node that the checkout brings along, or undefined where it is missing, broken or too old. */
export function ownNode(root) {
  const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(node)) return undefined
  const answer = spawnSync(node, ['--version'], { encoding: 'utf8' })
  return answer.status === 0 && isRecent(answer.stdout.trim()) ? node : undefined
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH']

/**
 * Runs `node ...flags ...args` and ends as it ends.
 *
 * A Ctrl-C reaches this process from the terminal and again from npm, which forwards what it gets. The child therefore
 * has a process group of its own and receives a signal only from here, repeats within half a second left out.
 */
export function runNode(node, args, flags = []) {
  const child = spawn(node, [...flags, join(root, 'bin', 'child.js'), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: process.platform !== 'win32',
  })
  const last = {}
  for (const signal of forwarded) {
    process.on(signal, () => {
      const now = Date.now()
      if (now - (last[signal] || 0) > 500) child.kill(signal)
      last[signal] = now
    })
  }
  process.on('SIGTSTP', () => {
    child.kill('SIGSTOP')
    process.kill(process.pid, 'SIGSTOP')
  })
  process.on('SIGCONT', () => child.kill('SIGCONT'))
  child.on('error', (error) => {
    console.error(`qicore: ${node} does not start: ${error.message}; run npm ci`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
}
