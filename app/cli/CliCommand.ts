import { Command } from 'commander'
import { CliHelp } from './CliHelp.ts'
import type { Session } from './session.ts'

export interface Example {
  readonly line: string
  readonly what: string
}

/** What carries a command out. Flags and arguments come together, by name; what it returns is the exit code (0 if nothing). */
export interface Verb<Input> {
  run(session: Session, input: Input): Promise<number | undefined>
}

/** Starts a command's verb with a session of its own; the entry point sets it. */
export type Runner = <Input>(command: CliCommand, verb: Verb<Input>, input: Input) => Promise<void>

/**
 * A command as data: the help and docs/reference/cli.md are made of it. The code that carries it out, and with it the library,
 * is loaded only when the command runs, so that `--help` and `--version` answer at once.
 */
export class CliCommand extends Command {
  readonly examples: Example[] = []
  /** Paragraphs after the options. */
  readonly notes: string[] = []
  #runner: Runner | undefined

  override createCommand(name?: string): CliCommand {
    return new CliCommand(name)
  }

  override createHelp(): CliHelp {
    return Object.assign(new CliHelp(), this.configureHelp())
  }

  example(line: string, what: string): this {
    this.examples.push({ line, what })
    return this
  }

  note(paragraph: string): this {
    this.notes.push(paragraph)
    return this
  }

  runs<Input>(load: () => Promise<Verb<Input>>): this {
    return this.action(async () => {
      const names = this.registeredArguments.map((argument) => argument.name())
      const given = Object.fromEntries(names.map((name, i) => [name, this.processedArgs[i] as unknown]))
      await this.runner(this, await load(), { ...this.opts(), ...given } as Input)
    })
  }

  set runner(runner: Runner) {
    this.#runner = runner
  }

  get runner(): Runner {
    const above = this.parent as CliCommand | null
    const runner = this.#runner ?? above?.runner
    if (!runner) throw new TypeError(`${this.name()} was started outside of a program`)
    return runner
  }
}
