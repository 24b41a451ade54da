import type { Option } from 'commander'
import type { CliCommand } from '../CliCommand.ts'

/** The words that may follow a command. */
export interface CompletionNode {
  /** The words of the command without the program's name, such as `query latest`. */
  readonly path: string
  readonly commands: readonly Candidate[]
  readonly options: readonly CompletionOption[]
}

export interface Candidate {
  readonly word: string
  readonly summary: string
}

export interface CompletionOption {
  /** `--sort`, or `-n` and `--count`. */
  readonly flags: readonly string[]
  readonly summary: string
  /** The kind of its value: none, a file or folder, anything, or one of some words. */
  readonly takes: 'nothing' | 'files' | 'anything' | readonly string[]
}

const ONE_OF_FILES = /<(?:folder|file)>/

function optionOf({ long, short, flags, description, argChoices, required, optional }: Option): CompletionOption {
  const takes = !(required || optional) ? 'nothing' : (argChoices ?? (ONE_OF_FILES.test(flags) ? 'files' : 'anything'))
  return { flags: [long, short].filter((flag) => flag !== undefined), summary: description, takes }
}

/** Every command with the words that may follow it. Each also has the options of the program. */
export function completionTree(program: CliCommand): CompletionNode[] {
  const common = [
    ...program.options.map(optionOf),
    { flags: ['--help', '-h'], summary: 'explain a command', takes: 'nothing' } as const,
  ]
  const nodes: CompletionNode[] = []
  const visit = (command: CliCommand, path: string): void => {
    const commands = command.commands.map((one) => ({ word: one.name(), summary: one.summary() || one.description() }))
    const own = command === program ? [] : command.options.map(optionOf)
    nodes.push({ path, commands, options: [...own, ...common] })
    for (const below of command.commands) visit(below as CliCommand, `${path} ${below.name()}`.trim())
  }
  visit(program, '')
  return nodes
}

/** A text in single quotes for bash and zsh. */
export const single = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
