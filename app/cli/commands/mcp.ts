import { list } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

export const mcp = () =>
  new CliCommand('mcp')
    .summary('serve AI agents over stdio, by the Model Context Protocol')
    .description(
      'An MCP server over stdin and stdout, for a client that starts it. Store and stream are opened at the first call; the platform need not run. While it runs, the same server is at /mcp on its port.',
    )
    .option('--tools <names>', 'only these tools, or sets of tools', list)
    .option('--read-only', 'only tools that change nothing')
    .note('docs/mcp.md has the configuration for Claude Desktop, Claude Code, Cursor, VS Code and the MCP Inspector.')
    .example('qicore mcp --read-only', 'what a client starts')
    .runs(() => import('../verbs/mcp.ts'))
