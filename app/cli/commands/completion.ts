import { CliCommand } from '../CliCommand.ts'

export const completion = () => {
  const command = new CliCommand('completion')
    .summary('print a completion script for bash, zsh or fish')
    .argument('<shell>', 'bash, zsh or fish')
    .description('Prints a script that completes the commands, options and choices of this version in a shell.')
    .example('source <(qicore completion bash)', 'in ~/.bashrc')
    .example('source <(qicore completion zsh)', 'in ~/.zshrc, after compinit')
    .example('qicore completion fish > ~/.config/fish/completions/qicore.fish', 'for fish')
  return command.runs(async () => {
    const { completionOf } = await import('../verbs/completion.ts')
    return completionOf(programOf(command))
  })
}

function programOf(command: CliCommand): CliCommand {
  let at = command
  while (at.parent) at = at.parent as CliCommand
  return at
}
