import { Option } from 'commander'
import { CliCommand } from '../CliCommand.ts'

export const up = () =>
  new CliCommand('up')
    .summary('run the platform: sources, stream, store and HTTP')
    .description(
      'Runs the platform until Ctrl-C or SIGTERM: starts what it needs, says what runs where, and drains before it ends.',
    )
    .option(
      '--sources <names>',
      'the sources to run, such as coingecko,simulated (default: coingecko, or the simulated market while it cannot be reached)',
    )
    .option('--host <address>', 'the address that HTTP listens on; off loopback QICORE_TOKEN must be set')
    .option('--port <number>', 'the port that HTTP listens on; 0 picks a free one')
    .addOption(new Option('--log-level <level>', 'the least level that is logged').choices(['debug', 'info', 'warn', 'error']))
    .addOption(
      new Option('--log-format <format>', 'lines for people, or JSON (default: lines on a terminal)').choices(['pretty', 'json']),
    )
    .note(
      'Flags win over environment variables, those over qicore.yaml: see qicore config show. Logs go to stderr, all else to stdout.',
    )
    .note(
      'Ctrl-C drains: what was acquired is stored before it ends. A second Ctrl-C ends at once; what was not stored yet is stored at the next start.',
    )
    .note(
      'With --json each notice is an event, one JSON object a line: starting, notice, ready, running (url, port, pid), stopping, stopped.',
    )
    .example('qicore up', 'in this folder, with its qicore.yaml if there is one')
    .example('qicore up --sources simulated --port 0', 'an invented market, on a free port')
    .example('DATABASE_URL=postgres://… REDPANDA_BROKERS=broker:9092 qicore up', 'on servers of your own')
    .runs(() => import('../verbs/up.ts'))
