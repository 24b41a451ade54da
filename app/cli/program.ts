import { Option } from 'commander'
import { version } from '../version.ts'
import { CliCommand } from './CliCommand.ts'
import { agent } from './commands/agent.ts'
import { audit } from './commands/audit.ts'
import { backfill } from './commands/backfill.ts'
import { completion } from './commands/completion.ts'
import { config } from './commands/config.ts'
import { db, psql } from './commands/db.ts'
import { destination } from './commands/destination.ts'
import { dlq } from './commands/dlq.ts'
import { doctor } from './commands/doctor.ts'
import { exportCommand } from './commands/export.ts'
import { find } from './commands/find.ts'
import { gaps } from './commands/gaps.ts'
import { group } from './commands/group.ts'
import { importCommand } from './commands/import.ts'
import { init } from './commands/init.ts'
import { limits } from './commands/limits.ts'
import { mcp } from './commands/mcp.ts'
import { open } from './commands/open.ts'
import { pipeline } from './commands/pipeline.ts'
import { query } from './commands/query.ts'
import { record } from './commands/record.ts'
import { sql } from './commands/sql.ts'
import { status } from './commands/status.ts'
import { store } from './commands/store.ts'
import { tail } from './commands/tail.ts'
import { token } from './commands/token.ts'
import { tool } from './commands/tool.ts'
import { up } from './commands/up.ts'

/** Every command, as data: the library is not loaded for it. */
export function createProgram(): CliCommand {
  const program = new CliCommand('qicore')
    .description(
      'A market-data platform of your own: acquires, streams, stores and serves exact data. `qicore up` runs all of it.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .addOption(new Option('--json', 'print JSON for programs instead of text for people'))
    .addOption(new Option('--home <folder>', 'the data folder (default: .qicore in the project)'))
    .addOption(new Option('--debug', 'log in detail; after a failure print the stack and the causes'))
    .helpCommand('help [command]', 'explain a command')
    .exitOverride()
    // reportFailure prints a wrong command line, in the same form as any other failure.
    .configureOutput({ outputError: () => {} })
    .example('qicore up', 'start the platform in this folder')
    .example('qicore query latest bitcoin ethereum', 'the latest stored prices of two coins')
    .example('qicore doctor', 'check this machine and this project')
  for (const command of [
    up(),
    status(),
    open(),
    query(),
    find(),
    sql(),
    gaps(),
    backfill(),
    importCommand(),
    exportCommand(),
    store(),
    psql(),
    db(),
    limits(),
    tail(),
    record(),
    dlq(),
    pipeline(),
    destination(),
    group(),
    tool(),
    agent(),
    mcp(),
    token(),
    audit(),
    doctor(),
    config(),
    init(),
    completion(),
  ])
    program.addCommand(command)
  everyCommand(program, (command) => {
    for (const below of command.commands) below.copyInheritedSettings(command)
  })
  return program
}

export function everyCommand(command: CliCommand, visit: (command: CliCommand) => void): void {
  visit(command)
  for (const below of command.commands) everyCommand(below as CliCommand, visit)
}
