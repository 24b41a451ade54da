import { list } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const servers = () =>
  new CliCommand('servers')
    .summary('list official MCP servers of other projects')
    .description(
      'Lists the official MCP servers that the platform can start: whether qicore.yaml names them (mcp.servers), and what each still needs.',
    )
    .printsRows()
    .example('qicore mcp servers', 'all servers, with what is missing')
    .runs(() => import('../verbs/mcpServers.ts'))

const install = () =>
  new CliCommand('install')
    .summary('install an official MCP server')
    .description(
      'Installs a pinned version of an official MCP server from npm into .qicore/mcp. It runs only if qicore.yaml names it.',
    )
    .argument('<server>', 'name of the server, such as coingecko or postgres')
    .example('qicore mcp install coingecko', "CoinGecko's server, with the sandbox that it runs code in")
    .runs(() => import('../verbs/mcpInstall.ts'))

export const mcp = () => {
  const group = new CliCommand('mcp')
    .summary('serve tools to AI agents over stdio, by the Model Context Protocol')
    .description(
      'Runs an MCP server over stdin and stdout, for a client that starts it. Store and stream are opened at the first call; the platform need not run. A running platform has the same server at /mcp on its port.',
    )
    .option('--tools <names>', 'only these tools, or sets of tools', list)
    .option('--toolsets <names>', 'default, all, or sets such as default,RedpandaTools (default: default)', list)
    .option('--output-schemas', 'also list the schemas of the answers, which more than doubles the tokens of connecting')
    .option('--read-only', 'only tools that change nothing')
    .option('--destructive', 'also tools that destroy something, such as a topic; the user is asked first each time')
    .note('docs/mcp.md has the configuration for Claude Desktop, Claude Code, Cursor, VS Code and the MCP Inspector.')
    .example('qicore mcp --read-only', 'the command for a client')
    .runs(() => import('../verbs/mcp.ts'))
  for (const command of [servers(), install()]) group.addCommand(command)
  return group
}
