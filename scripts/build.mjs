// Writes dist/: JavaScript and types of lib/src and app, the files beside them that are read at run time, and the entry points.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { extname, join } from 'node:path'
import { ownNode, root } from '../bin/node24.js'

const sources = ['lib/src', 'app']
const assets = new Set(['.sql', '.json', '.html', '.css', '.js', '.svg', '.png', '.ico', '.woff2'])
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const { status } = spawnSync(ownNode(root) ?? process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
  cwd: root,
})
if (status !== 0) process.exit(1)
// tsc copies what is imported; a second package.json would be taken for the package's own.
rmSync(join(dist, 'package.json'), { force: true })

for (const source of sources) {
  if (!existsSync(join(root, source))) continue
  cpSync(join(root, source), join(dist, source), { recursive: true, filter: isAsset })
}

// The names of an entry point are known once its modules run, which takes a recent Node.
const entries = spawnSync(ownNode(root) ?? process.execPath, [join(root, 'scripts', 'support', 'entries.mjs')], {
  stdio: 'inherit',
  cwd: root,
})
if (entries.status !== 0) process.exit(1)

// Folders pass so that what is inside them is asked about; tsc has made those that matter.
function isAsset(path) {
  return extname(path) === '' || assets.has(extname(path))
}
