import { CliCommand } from '../CliCommand.ts'

export const init = () =>
  new CliCommand('init')
    .summary('write a commented qicore.yaml')
    .description(
      'Writes a qicore.yaml into this folder, with the most common settings, each commented out and explained. An existing file is never changed.',
    )
    .note('docs/reference/configuration.md has all settings; qicore config check checks the file.')
    .example('qicore init', 'in the folder of a new project')
    .runs(() => import('../verbs/init.ts'))
