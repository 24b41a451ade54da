import { CliCommand } from '../CliCommand.ts'

const show = () =>
  new CliCommand('show')
    .summary('show every setting, its value and where it came from')
    .description(
      'Shows every setting, its value and where it came from: a flag, the environment, qicore.yaml or the default. Secrets are not shown.',
    )
    .option('--set', 'only settings that differ from the defaults')
    .printsRows()
    .example('qicore config show --set', 'the settings of this project')
    .runs(() => import('../verbs/configShow.ts'))

const check = () =>
  new CliCommand('check')
    .summary('check the settings')
    .description(
      'Reads qicore.yaml and the environment and lists every mistake at once, with a suggestion. The exit code is 2 if there is one.',
    )
    .example('qicore config check', 'before a deployment')
    .runs(() => import('../verbs/configCheck.ts'))

export const config = () => {
  const group = new CliCommand('config')
    .summary('settings: show and check')
    .description('Shows the settings and where each came from, or checks them.')
  for (const command of [show(), check()]) group.addCommand(command)
  return group
}
