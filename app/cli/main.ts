import { enableCompileCache } from 'node:module'
import { CommanderError } from 'commander'
import type { CliCommand, Runner } from './CliCommand.ts'
import { EXIT } from './exitCodes.ts'
import { reportFailure } from './failure.ts'
import type { GlobalFlags } from './flags.ts'
import { Output } from './output.ts'
import { createProgram } from './program.ts'

// Compiles a module once, not at each start: this saves a third of the time of a query.
enableCompileCache()

let exit: number = EXIT.ok

const runner: Runner = async (command: CliCommand, verb, input) => {
  const flags = command.optsWithGlobals<GlobalFlags>()
  const { Session } = await import('./session.ts')
  const session = new Session(flags)
  try {
    if (session.json && session.csv) program.error('--csv does not go with --json: choose one')
    exit = (await verb.run(session, input)) ?? EXIT.ok
  } catch (failure) {
    exit = await reportFailure(failure, session.err, session)
  }
  await session.out.flush()
}

// A defect that no command catches still ends in one line; a process manager restarts the platform.
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
// A handle that a library left open must not keep a finished command alive.
process.exit(exit)
