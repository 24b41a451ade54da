#!/usr/bin/env node
// Plain JavaScript for any Node from 16 on, so that an old one gets an answer instead of a syntax error.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isRecent, oldestNode, ownNode, root, runNode } from './node24.js'

const source = new URL('../app/cli/main.ts', import.meta.url)
const built = new URL('../dist/app/cli/main.js', import.meta.url)
const main = existsSync(source) ? source : built

if (isRecent(process.version)) {
  await import(main.href)
} else {
  const node = ownNode(root)
  if (node) {
    runNode(node, [join(root, 'bin', 'qicore.js'), ...process.argv.slice(2)])
  } else {
    console.error(
      `qicore: this is Node ${process.version}, and Node ${oldestNode} or newer is needed; install it` +
        (existsSync(source) ? ', or run npm ci in the checkout, which brings its own' : ''),
    )
    process.exitCode = 1
  }
}
