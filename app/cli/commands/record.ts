import { positiveUpTo } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

/** A week. */
const MOST_MINUTES = 10_080
const MOST_MEGABYTES = 100_000

export const record = () =>
  new CliCommand('record')
    .summary('write the raw messages of an exchange into a file')
    .argument('<source>', 'the source, such as binance')
    .description(
      'Connects to an exchange as the platform does, and writes each text of its sockets as it was sent or received, for a bug report or a test. Nothing is stored, and neither database nor stream is needed.',
    )
    .requiredOption('-o, --output <file>', 'the file, such as frames.ndjson.gz; an existing one is refused')
    .option('--minutes <n>', 'end after this many minutes', positiveUpTo(MOST_MINUTES), 10)
    .option('--megabytes <n>', 'end once the file has about this many megabytes', positiveUpTo(MOST_MEGABYTES), 500)
    .note(
      'Each line of the file is {"at", "direction", "text"}: the time, sent or received, and the text with every character. The file is packed by gzip. Ctrl-C ends it; after a crash all but the last second can be read.',
    )
    .note(
      'The keys in the settings of the source are replaced by [key]. The connections are its own: a running platform keeps its.',
    )
    .example('qicore record binance -o frames.ndjson.gz --minutes 5', 'five minutes of the configured instruments')
    .runs(() => import('../verbs/record.ts'))
