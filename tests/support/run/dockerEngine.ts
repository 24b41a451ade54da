import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, open, readFile, readlink, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { composePlugins } from './available.ts'

const execute = promisify(execFile)

export interface DockerEngineProcess {
  /** As DOCKER_HOST has it. */
  readonly host: string
  readonly folder: string
  /** Environment of a program that uses this engine with Compose 2. */
  readonly env: NodeJS.ProcessEnv
  docker(...args: readonly string[]): Promise<string>
  /** Ends it and removes its folder; containers that still run end with it. */
  stop(): Promise<void>
}

/** The one image there is: a small root file system with a shell, made from what this machine has. */
const LOCAL_IMAGE = 'qicore-test:1'

/** A Docker engine of the caller's own, without network, in a folder of its own. As root. */
export async function startDockerEngine(): Promise<DockerEngineProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'qicore-docker-'))
  const host = `unix://${join(folder, 'docker.sock')}`
  const log = join(folder, 'dockerd.log')
  const output = await open(log, 'w')
  const engine = spawn(
    'dockerd',
    [
      '--ip-forward=false',
      '--iptables=false',
      '--ip6tables=false',
      '--bridge=none',
      `--data-root=${join(folder, 'data')}`,
      `--exec-root=${join(folder, 'exec')}`,
      `--pidfile=${join(folder, 'pid')}`,
      `--host=${host}`,
    ],
    { cwd: folder, detached: true, stdio: ['ignore', output.fd, output.fd] },
  )
  await output.close()
  const ended = once(engine, 'exit')
  const stop = async () => {
    engine.kill('SIGTERM')
    await ended
    await execute('umount', [join(folder, 'exec/netns/default')]).catch(() => {}) // it leaves this one behind
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  }
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: composePlugins() }
  const docker = async (...args: readonly string[]): Promise<string> => (await execute('docker', args, { env })).stdout
  try {
    while (!(await readFile(log, 'utf8')).includes('API listen on')) {
      if (engine.exitCode !== null || engine.signalCode !== null)
        throw new Error(`dockerd did not start:\n${(await readFile(log, 'utf8')).slice(-2000)}`)
      await setTimeout(20)
    }
    await importImage(folder, docker)
  } catch (error) {
    await stop()
    throw error
  }
  return { host, folder, env, docker, stop }
}

async function importImage(folder: string, docker: DockerEngineProcess['docker']): Promise<void> {
  const root = join(folder, 'rootfs')
  for (const name of ['bin', 'tmp', 'etc', 'proc', 'sys', 'dev']) await mkdir(join(root, name), { recursive: true })
  await chmod(join(root, 'tmp'), 0o1777)
  await cp(await busybox(), join(root, 'bin/busybox'))
  for (const name of ['sh', 'sleep', 'test', 'echo', 'touch', 'rm', 'cat', 'seq'])
    await symlink('busybox', join(root, 'bin', name))
  await execute('tar', ['-C', root, '-cf', join(folder, 'rootfs.tar'), '.'])
  await docker('import', join(folder, 'rootfs.tar'), LOCAL_IMAGE)
}

const busybox = async (): Promise<string> => {
  const link = await readlink('/bin/busybox').catch(() => undefined)
  return link?.startsWith('/') ? link : '/bin/busybox'
}

/** Mounts of the kernel below a folder. */
export const mountsBelow = async (folder: string): Promise<readonly string[]> =>
  (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(folder))
