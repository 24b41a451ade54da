import { Option } from 'commander'
import { CliCommand } from '../CliCommand.ts'

export const up = () =>
  new CliCommand('up')
    .summary('run the platform: sources, stream, store and HTTP')
    .description(
      'Runs the platform until Ctrl-C or SIGTERM: starts the embedded engines if they are needed, prints what runs where, and drains before it ends.',
    )
    .option(
      '--sources <names>',
      'the sources to run, such as coingecko,simulated (default: coingecko, or the simulated market while CoinGecko cannot be reached)',
    )
    .option('--host <address>', 'the address that HTTP listens on; for any other than loopback QICORE_TOKEN must be set')
    .option('--port <number>', 'the port that HTTP listens on; 0 picks a free one')
    .addOption(new Option('--log-level <level>', 'the lowest level that is logged').choices(['debug', 'info', 'warn', 'error']))
    .addOption(
      new Option('--log-format <format>', 'pretty: lines for people (default on a terminal); json').choices(['pretty', 'json']),
    )
    .note(
      'Flags win over environment variables, and these over qicore.yaml: see qicore config show. Logs go to stderr, all other output to stdout.',
    )
    .note(
      'Ctrl-C drains: acquired records are stored before the platform ends. A second Ctrl-C ends it at once; the rest is stored at the next start.',
    )
    .note(
      'With --json each notice is an event, one JSON object a line: starting, notice, ready, running (url, port, pid), stopping, stopped.',
    )
    .example('qicore up', 'in this folder, with its qicore.yaml if there is one')
    .example('qicore up --sources simulated --port 0', 'the simulated market, on a free port')
    .example('DATABASE_URL=postgres://… REDPANDA_BROKERS=broker:9092 qicore up', 'on your own servers')
    .runs(() => import('../verbs/up.ts'))
