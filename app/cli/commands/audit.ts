import { Option } from 'commander'
import { positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

export const audit = () =>
  new CliCommand('audit')
    .summary('who changed something, or tried to, and what came of it')
    .description(
      'The audit log, newest first: each call that wrote, was refused, or destroyed something, over HTTP, MCP and the command line. Kept for 90 days.',
    )
    .option('--limit <count>', 'most lines (default: 50)', positive)
    .option('--caller <name>', 'only of this caller: a name of a token, loopback, or a user of this machine')
    .option('--tool <name>', 'only of this tool')
    .addOption(
      new Option('--outcome <outcome>', 'only those with this outcome').choices([
        'started',
        'done',
        'failed',
        'asked',
        'refused',
      ]),
    )
    .example('qicore audit', 'what was changed last')
    .example('qicore audit --outcome refused --json', 'what was refused, for a program')
    .runs(() => import('../verbs/audit.ts'))
