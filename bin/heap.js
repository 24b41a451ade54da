// How large V8 may let the young generation grow. Plain JavaScript for any Node from 16 on.

/**
 * V8 takes up to 128 MB for it, and lets as much again add up outside of the heap, where a machine has memory to spare. More
 * than this does not make records flow faster.
 */
export const heapFlags = ['--max-semi-space-size=8']

/** Commands that carry records for as long as they run; to the others starting sooner matters more. */
const carriers = ['up', 'backfill']

/**
 * The arguments with which this process should begin anew to run within the limit, or undefined where it need not.
 * @param {string[]} argv as of `process.argv`
 * @param {string[]} execArgv as of `process.execArgv`
 * @param {string} nodeOptions as of the environment's NODE_OPTIONS
 * @returns {string[] | undefined}
 */
export function withHeapFlags(argv, execArgv, nodeOptions = '') {
  const given = [...execArgv, ...nodeOptions.split(/\s+/)].some((flag) => /^--max[-_]semi[-_]space[-_]size\b/.test(flag))
  if (given || !carriers.some((verb) => argv.slice(2).includes(verb))) return undefined
  return [...heapFlags, ...execArgv, ...argv.slice(1)]
}
