/** True if tests run that install packages and take a minute or more: under CI, and where asked for. */
export const runsSlow: boolean = process.env.CI === 'true' || process.env.QICORE_TEST_SLOW === '1'

/**
 * The environment of someone who just came: no Node 24 of ours on the path, nothing that npm or the test runner passes on to its
 * children.
 */
export function freshEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VITEST|NODE_|INIT_CWD$|TEST$|CI$)/.test(name) || name === 'NODE_EXTRA_CA_CERTS',
  )
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
  return { ...Object.fromEntries(kept), PATH: path.join(':') }
}
