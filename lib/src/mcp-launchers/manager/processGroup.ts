import { type ChildProcess, spawn } from 'node:child_process'
import { type CommandSpec, childEnvironment } from '../shared/spec.ts'

const groups = process.platform !== 'win32'
const alive = new Set<ChildProcess>()

// A process that ends without stop() leaves no server running either. Only after `kill -9` servers remain, and see their stdin close.
process.once('exit', () => {
  for (const child of alive) signalGroup(child, 'SIGKILL')
})

/** A child that leads a process group of its own, so that what it starts can be ended with it. */
export function spawnGroup({ command, args = [], cwd, ...environment }: CommandSpec): ChildProcess {
  const child = spawn(command, args, {
    env: childEnvironment(environment),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: groups,
    windowsHide: true,
    ...(cwd && { cwd }),
  })
  alive.add(child)
  // The leader may be gone and its children still run.
  child.once('exit', () => {
    signalGroup(child, 'SIGKILL')
    alive.delete(child)
  })
  child.once('error', () => alive.delete(child))
  return child
}

/** Signals all processes of the group; there may be none. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (groups) process.kill(-child.pid, signal)
    else child.kill(signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
