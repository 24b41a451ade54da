import { list } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const servers = () =>
  new CliCommand('servers')
    .summary('the official MCP servers of others, and what each still needs')
    .description(
      'The official MCP servers that the platform can start, whether qicore.yaml names them (mcp.servers), and what is missing.',
    )
    .example('qicore mcp servers', 'what could be started here')
    .runs(() => import('../verbs/mcpServers.ts'))

const install = () =>
  new CliCommand('install')
    .summary('install an official MCP server')
    .description('Installs an official MCP server from npm, pinned, into .qicore/mcp. It runs only where qicore.yaml names it.')
    .argument('<server>', 'its name, such as coingecko or postgres')
    .example('qicore mcp install coingecko', "CoinGecko's server, with the sandbox that it runs code in")
    .runs(() => import('../verbs/mcpInstall.ts'))

export const mcp = () => {
  const group = new CliCommand('mcp')
    .summary('serve AI agents over stdio, by the Model Context Protocol')
    .description(
      'An MCP server over stdin and stdout, for a client that starts it. Store and stream are opened at the first call; the platform need not run. While it runs, the same server is at /mcp on its port.',
    )
    .option('--tools <names>', 'only these tools, or sets of tools', list)
    .option('--toolsets <names>', 'default, all, or sets such as default,RedpandaTools; default: default', list)
    .option('--output-schemas', 'list the schemas of the answers too, which more than doubles what connecting costs')
    .option('--read-only', 'only tools that change nothing')
    .option('--destructive', 'also what destroys something, such as deleting a topic; the user is asked first each time')
    .note('docs/mcp.md has the configuration for Claude Desktop, Claude Code, Cursor, VS Code and the MCP Inspector.')
    .example('qicore mcp --read-only', 'what a client starts')
    .runs(() => import('../verbs/mcp.ts'))
  for (const command of [servers(), install()]) group.addCommand(command)
  return group
}
