import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { npmServers } from '../../lib/src/mcp-launchers/npmServers.ts'
import { installNpm, manifestOf } from '../../lib/src/mcp-launchers/shared/npmPackage.ts'
import { temporary } from '../support/temporary.ts'

interface Lock {
  readonly lockfileVersion: number
  readonly packages: Readonly<
    Record<
      string,
      { readonly integrity?: string; readonly resolved?: string; readonly version?: string; readonly os?: readonly string[] }
    >
  >
}

test.each(npmServers.map((server) => [server.folder, server] as const))(
  'the lock file of %s is of the versions that its launcher pins, each with a checksum and without a registry’s address',
  async (_name, server) => {
    const { packages, lockfileVersion } = JSON.parse(await readFile(server.lock, 'utf8')) as Lock
    const manifest = JSON.parse(manifestOf(server)) as Record<string, unknown>
    expect(lockfileVersion).toBe(3)
    // npm run mcp-locks regenerates it.
    expect(packages['']).toMatchObject({ name: manifest.name, version: manifest.version, dependencies: manifest.dependencies })
    for (const [name, version] of Object.entries(server.dependencies))
      expect(packages[`node_modules/${name}`], name).toMatchObject({ version })
    for (const [path, entry] of Object.entries(packages).filter(([path]) => path !== '')) {
      // Of other platforms the checksum is known only where the registry that made the lock file has them.
      if (!entry.os) expect(entry.integrity, path).toMatch(/^sha512-/)
      expect(entry.resolved, path).toBeUndefined()
    }
  },
)

test('installing runs no script of a package and takes what the lock file names', async () => {
  const folder = await temporary('npm')
  const log = join(folder, 'asked')
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'npm'), `#!/bin/sh\necho "$@" > ${log}\ncmp package-lock.json "$LOCK" && echo same >> ${log}\n`)
  await chmod(join(bin, 'npm'), 0o755)
  for (const server of npmServers) {
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, LOCK: server.lock }
    await installNpm(server, { serversFolder: join(folder, 'servers'), env })
    const asked = await readFile(log, 'utf8')
    expect(asked).toMatch(/^ci --ignore-scripts .*\nsame\n$/)
    expect(asked.includes('--omit=optional')).toBe(server.lean === true)
  }
})
