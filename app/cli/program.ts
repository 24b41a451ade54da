import { Option } from 'commander'
import { CliCommand } from './CliCommand.ts'
import { agent } from './commands/agent.ts'
import { audit } from './commands/audit.ts'
import { backfill } from './commands/backfill.ts'
import { config } from './commands/config.ts'
import { destination } from './commands/destination.ts'
import { dlq } from './commands/dlq.ts'
import { doctor } from './commands/doctor.ts'
import { gaps } from './commands/gaps.ts'
import { group } from './commands/group.ts'
import { limits } from './commands/limits.ts'
import { mcp } from './commands/mcp.ts'
import { pipeline } from './commands/pipeline.ts'
import { query } from './commands/query.ts'
import { status } from './commands/status.ts'
import { store } from './commands/store.ts'
import { tail } from './commands/tail.ts'
import { token } from './commands/token.ts'
import { tool } from './commands/tool.ts'
import { up } from './commands/up.ts'
import { version } from './version.ts'

/** Flags that every command knows, before or behind its name. */
export interface GlobalFlags {
  readonly json?: boolean
  readonly home?: string
  readonly debug?: boolean
}

/** Every command, as data: nothing of the library is loaded for it. */
export function createProgram(): CliCommand {
  const program = new CliCommand('qicore')
    .description('Market data of your own: acquired, streamed, stored exactly and served. `qicore up` runs all of it.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .addOption(new Option('--json', 'print JSON for programs instead of text for people'))
    .addOption(new Option('--home <folder>', 'the data folder (default: .qicore in the project)'))
    .addOption(new Option('--debug', 'log in detail; on failure print the stack and its causes'))
    .helpCommand('help [command]', 'explain a command')
    .exitOverride()
    // What is wrong with the command line is told by reportFailure, in the same form as any other failure.
    .configureOutput({ outputError: () => {} })
    .example('qicore up', 'start the platform in this folder')
    .example('qicore query latest bitcoin ethereum', 'what the store holds of two coins')
    .example('qicore doctor', 'what works on this machine, what is missing, how to get it')
  for (const command of [
    up(),
    status(),
    query(),
    gaps(),
    backfill(),
    store(),
    limits(),
    tail(),
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
