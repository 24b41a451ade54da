import { CliCommand } from '../CliCommand.ts'

const show = () =>
  new CliCommand('show')
    .summary('every setting, its value and where it came from')
    .description(
      'Every setting, its value and where it came from: a flag, the environment, qicore.yaml or the default. Secrets are not shown.',
    )
    .option('--set', 'only what differs from the defaults')
    .example('qicore config show --set', 'what was decided here')
    .runs(() => import('../verbs/configShow.ts'))

const check = () =>
  new CliCommand('check')
    .summary('whether the settings are right')
    .description(
      'Reads qicore.yaml and the environment and lists everything wrong at once, with what was probably meant. The exit code is 2 if something is.',
    )
    .example('qicore config check', 'before a deployment')
    .runs(() => import('../verbs/configCheck.ts'))

export const config = () => {
  const group = new CliCommand('config')
    .summary('settings: show and check')
    .description('Settings: what they are, where each came from, and whether they are right.')
  for (const command of [show(), check()]) group.addCommand(command)
  return group
}
