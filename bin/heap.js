// How V8 is to manage memory where records flow. Plain JavaScript for any Node from 16 on.

/**
 * Where a machine has memory to spare V8 takes 128 MB for the young generation, lets as much again add up outside of the heap, and
 * the heap grow to three times of what lives in it, before it collects. None of that makes records flow faster. These are no limits
 * on what lives.
 */
export const heapFlags = ['--max-semi-space-size=8', '--heap-growing-percent=50']

/** Commands that carry records for as long as they run; to the others starting sooner matters more. */
const carriers = ['up', 'backfill', 'import', 'export']

/**
 * The arguments to start this process again with the flags; undefined: it has them already.
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
