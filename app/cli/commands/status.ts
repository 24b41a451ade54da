import { CliCommand } from '../CliCommand.ts'

export const status = () =>
  new CliCommand('status')
    .summary('how the platform of this project is: its parts, its flow, what is unwell since when')
    .description(
      'Asks the platform that runs in this project. Says which part is unwell, since when, why, and what is being done; how many records each source gave and each consumer stored, and how far it is behind.',
    )
    .note('The exit code is 3 where no platform runs, and 1 where a part is down.')
    .example('qicore status', 'for people')
    .example('qicore status --json', 'the answers of /health and /api/v1/status, for a program')
    .runs(() => import('../verbs/status.ts'))
