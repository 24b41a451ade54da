// Makes the lock files of the MCP servers that `qicore mcp install` installs, from the versions that their launchers pin.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { npmServers } from '../lib/src/mcp-launchers/npmServers.ts'
import { manifestOf } from '../lib/src/mcp-launchers/shared/npmPackage.ts'

const flags = ['--package-lock-only', '--ignore-scripts', '--omit-lockfile-registry-resolved', '--no-audit', '--no-fund']

for (const server of npmServers) {
  const folder = mkdtempSync(join(tmpdir(), 'qicore-lock-'))
  try {
    writeFileSync(join(folder, 'package.json'), manifestOf(server))
    const { status } = spawnSync('npm', ['install', ...flags], { cwd: folder, stdio: 'inherit' })
    if (status !== 0) throw new Error(`npm could not resolve ${server.folder}`)
    const lock = join(folder, 'package-lock.json')
    if (/"resolved"/.test(readFileSync(lock, 'utf8')))
      throw new Error(`the lock of ${server.folder} names a place outside of the registry`)
    const { packages, ...head } = JSON.parse(readFileSync(lock, 'utf8'))
    const added = addPlatforms(packages)
    const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)))
    writeFileSync(server.lock, `${JSON.stringify({ ...head, packages: sorted }, null, 2)}\n`)
    console.log(`${server.lock}: ${Object.keys(sorted).length - 1} packages`)
    if (added.length > 0)
      console.log(`without a checksum, since this registry has only those of its own platform: ${added.join(', ')}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `npm ci` wants an entry of every optional package, those for other platforms too, which not every registry has. */
function addPlatforms(packages) {
  const added = []
  for (const { optionalDependencies = {} } of Object.values(packages))
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const [, os, cpu, libc] = /-?(darwin|linux|win32|freebsd)-(arm64|x64|arm|ia32)(?:-(glibc|musl))?$/.exec(name) ?? []
      if (!os || packages[`node_modules/${name}`] || !/^\d/.test(version)) continue
      packages[`node_modules/${name}`] = { version, cpu: [cpu], ...(libc && { libc: [libc] }), optional: true, os: [os] }
      added.push(name)
    }
  return added
}
