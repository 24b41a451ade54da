import { CliCommand } from '../CliCommand.ts'

export const open = () =>
  new CliCommand('open')
    .summary('open the web page of the running platform')
    .description(
      "Opens the web page of the platform of this project in the browser ($BROWSER, else the system's). Without a browser it prints the address alone.",
    )
    .note('The exit code is 3 if no platform runs.')
    .example('qicore open', 'in the browser')
    .example('qicore open --json', 'print the address for a program; open nothing')
    .runs(() => import('../verbs/open.ts'))
