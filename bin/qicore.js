#!/usr/bin/env node
// Plain JavaScript for any Node from 16 on, so that an old one gets an answer instead of a syntax error.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { heapFlags, withHeapFlags } from './heap.js'
import { isRecent, oldestNode, ownNode, root, runNode } from './node24.js'
import { onShellGone } from './npmShell.js'

const source = new URL('../app/cli/main.ts', import.meta.url)
const built = new URL('../dist/app/cli/main.js', import.meta.url)
const main = existsSync(source) ? source : built

if (!process.channel) onShellGone(() => process.kill(process.pid, 'SIGTERM'))

if (isRecent(process.version)) {
  const anew = withHeapFlags(process.argv, process.execArgv, process.env.NODE_OPTIONS)
  // In place of this process, so that who started it need not know; a channel to that one would be lost, and Windows has no such call.
  if (anew && !process.channel && process.platform !== 'win32')
    process.execve(process.execPath, [process.execPath, ...anew], process.env)
  await import(main.href)
} else {
  const node = ownNode(root)
  if (node) {
    runNode(node, [join(root, 'bin', 'qicore.js'), ...process.argv.slice(2)], heapFlags)
  } else {
    console.error(
      `qicore: this is Node ${process.version}, and Node ${oldestNode} or newer is needed; install it` +
        (existsSync(source) ? ', or run npm ci in the checkout, which brings its own' : ''),
    )
    process.exitCode = 1
  }
}
