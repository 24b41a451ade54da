import { enableCompileCache } from 'node:module'
import { CommanderError } from 'commander'
import type { CliCommand, Runner } from './CliCommand.ts'
import { EXIT } from './exitCodes.ts'
import { reportFailure } from './failure.ts'
import { Output } from './output.ts'
import { createProgram, type GlobalFlags } from './program.ts'

// What a command loads is compiled once, not at each start: a third of the time of a query.
enableCompileCache()

let exit: number = EXIT.ok

const runner: Runner = async (command: CliCommand, verb, input) => {
  const flags = command.optsWithGlobals<GlobalFlags>()
  const { Session } = await import('./session.ts')
  const session = new Session(flags)
  try {
    exit = (await verb.run(session, input)) ?? EXIT.ok
  } catch (failure) {
    exit = await reportFailure(failure, session.err, session)
  }
  await session.out.flush()
}

// A defect outside of any command's reach still ends in one line; what runs is restarted by whoever watches the process.
process.on('uncaughtException', async (failure) => {
  process.exit(await reportFailure(failure, new Output(process.stderr), { json: process.argv.includes('--json'), debug: true }))
})

const program = createProgram()
program.runner = runner

try {
  await program.parseAsync()
} catch (failure) {
  const err = new Output(process.stderr)
  exit = await reportFailure(failure, err, { json: process.argv.includes('--json'), debug: !(failure instanceof CommanderError) })
}
// What a library left open must not keep a finished command from ending.
process.exit(exit)
