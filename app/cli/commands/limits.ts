import { CliCommand } from '../CliCommand.ts'

const clear = () =>
  new CliCommand('clear')
    .summary('lift penalties: call a provider again that asked to be left alone')
    .description(
      'Lifts the penalty of one service, or of all. Calls are made again at once; processes that wait for it notice within five seconds.',
    )
    .argument('[name]', 'the service, as qicore limits names it (default: all)')
    .example('qicore limits clear CoinGecko', 'its penalty alone')
    .runs(() => import('../verbs/limitsClear.ts'))

export const limits = () => {
  const group = new CliCommand('limits')
    .summary('rate limits of providers: what is left, penalties; lift one')
    .description(
      'The rate limits that all processes of this store share: how many calls are allowed and left, and until when a provider asked to be left alone, by which answer. A penalty lasts an hour at most; then one call probes. The platform need not run.',
    )
    .example('qicore limits', 'what is left, and who is closed until when')
    .example('qicore limits --json', 'the same for a program')
    .runs(() => import('../verbs/limits.ts'))
  group.addCommand(clear())
  return group
}
