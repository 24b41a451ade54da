// Run by `npm start` and `npm test`: brings the checkout to where its sources can run, then runs them on Node 24.
// `exec` puts it in the place of npm's shell, which would keep a signal to itself; where there is no such command exec.cmd is one.
// Plain JavaScript for any Node from 16 on, without dependencies: it may be the first command in a fresh clone.
import { join } from 'node:path'
import { heapFlags } from '../bin/heap.js'
import { root, runNode } from '../bin/node24.js'
import { prepare } from './support/prepare.mjs'

const targets = {
  start: { flags: heapFlags, args: ['app/cli/main.ts', 'up'] },
  test: { flags: [], args: ['node_modules/vitest/vitest.mjs', 'run'] },
}

const [name, ...args] = process.argv.slice(2)
const target = targets[name]
if (!target) {
  console.error(`qicore: "${name ?? ''}" is not a target of scripts/run.mjs; one of: ${Object.keys(targets).join(', ')}`)
  process.exit(2)
}

try {
  const node = prepare()
  const [file, ...first] = target.args
  runNode(node, [join(root, file), ...first, ...args], target.flags)
} catch (error) {
  console.error(`qicore: ${error.message}`)
  process.exit(1)
}
