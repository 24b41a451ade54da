import { dirname, join } from 'node:path'
import { defineLauncher, type LauncherContext, type Precondition } from '../shared/launcher.ts'
import { folderOf, installed, installNpm } from '../shared/npmPackage.ts'
import { requirePreconditions } from '../shared/preconditions.ts'
import { openGateway } from './gateway.ts'
import { PACKAGE, server } from './npmServer.ts'

/** A placeholder for the key, which the server's SDK requires; the gateway puts the real one in. */
const PLACEHOLDER = 'held-by-the-gateway'

const preconditions = async (context: LauncherContext): Promise<readonly Precondition[]> => [
  await installed(server, context),
  context.coingecko
    ? { name: 'api', ok: true, summary: `the API at ${context.coingecko.baseUrl}` }
    : { name: 'api', ok: false, summary: 'no address of CoinGecko', remedy: 'set sources.coingecko.base_url' },
]

const name = 'coingecko'

/**
 * CoinGecko's official server: `execute` runs TypeScript against their SDK in a Deno sandbox, `search_docs` finds its methods. The
 * key stays out of reach of that code: the server gets the address of our gateway instead of the API's.
 */
export const OfficialCoinGeckoMCPLauncher = defineLauncher({
  name,
  summary: "CoinGecko's official server: runs code against the CoinGecko API in a sandbox, and searches its documentation",
  preconditions,
  install: (context) => installNpm(server, context),
  async launch(context) {
    await requirePreconditions({ name, preconditions }, context)
    const { baseUrl, headers } = context.coingecko as NonNullable<LauncherContext['coingecko']>
    const gateway = await openGateway({ baseUrl, headers })
    const folder = folderOf(server, context)
    const bin = join(folder, 'node_modules', '.bin')
    const path = [bin, dirname(process.execPath), context.env.PATH].filter(Boolean).join(process.platform === 'win32' ? ';' : ':')
    return {
      spec: {
        command: process.execPath,
        args: [join(folder, 'node_modules', PACKAGE, 'index.js')],
        cwd: folder,
        env: {
          PATH: path,
          COINGECKO_BASE_URL: gateway.url,
          COINGECKO_DEMO_API_KEY: PLACEHOLDER,
          DENO_DIR: join(folder, 'deno'),
          DENO_NO_UPDATE_CHECK: '1',
        },
      },
      supervision: { endOnTimeout: true },
      warnings: gateway.url.startsWith('http://127.0.0.1:')
        ? [
            'the code that execute runs can reach other services that listen on 127.0.0.1: this system has no loopback address of its own for it',
          ]
        : [],
      close: () => gateway.close(),
    }
  },
})
