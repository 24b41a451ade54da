import { Option } from 'commander'
import { positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

export const audit = () =>
  new CliCommand('audit')
    .summary('show the audit log: who changed what, and the outcome')
    .description(
      'Shows the audit log, newest first: each call that changed or destroyed something or was refused, over HTTP, MCP and the command line. Lines are kept for 90 days.',
    )
    .option('--limit <count>', 'most lines to show (default: 50)', positive)
    .option('--caller <name>', 'only calls of this caller: the name of a token, loopback, or a user of this machine')
    .option('--tool <name>', 'only calls of this tool')
    .addOption(
      new Option('--outcome <outcome>', 'only calls with this outcome').choices([
        'started',
        'done',
        'failed',
        'asked',
        'refused',
      ]),
    )
    .printsRows()
    .example('qicore audit', 'the last changes')
    .example('qicore audit --outcome refused --json', 'refused calls, for a program')
    .runs(() => import('../verbs/audit.ts'))
