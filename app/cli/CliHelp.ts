import { type Command, Help } from 'commander'

export interface Example {
  readonly line: string
  readonly what: string
}

/** The parts of a command that Commander's own help does not know. */
export interface Explained {
  readonly examples: readonly Example[]
  /** Paragraphs after the options. */
  readonly notes: readonly string[]
}

/** Commander's help, followed by the notes and examples of the command. */
export class CliHelp extends Help {
  override showGlobalOptions = true

  override formatHelp(command: Command, help: Help): string {
    const { examples, notes } = command as Command & Explained
    const width = Math.max(...examples.map(({ line }) => line.length))
    const lines = examples.map(({ line, what }) => `  ${line.padEnd(width)}  ${what}`)
    return [
      super.formatHelp(command, help),
      ...notes.map((note) => `${this.boxWrap(note, this.helpWidth ?? 80)}\n`),
      ...(lines.length ? [`Examples:\n${lines.join('\n')}\n`] : []),
    ].join('\n')
  }
}
