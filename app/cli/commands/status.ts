import { CliCommand } from '../CliCommand.ts'

export const status = () =>
  new CliCommand('status')
    .summary('show the status of the running platform: parts, sources, deliveries, lag')
    .description(
      'Asks the platform of this project. Shows the status of each part, since when, because of what, and the next step; the records that each source sent and each delivery wrote, and its lag.',
    )
    .printsRows()
    .note('The exit code is 3 if no platform runs, and 1 if a part is down.')
    .example('qicore status', 'for people')
    .example('qicore status --json', 'the answers of /health and /api/v1/status, for a program')
    .runs(() => import('../verbs/status.ts'))
