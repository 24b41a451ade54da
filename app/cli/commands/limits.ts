import { CliCommand } from '../CliCommand.ts'

const clear = () =>
  new CliCommand('clear')
    .summary('end penalties: call throttled providers again now')
    .description(
      'Ends the penalty of one service, or of all. Calls are made again at once; waiting processes notice within five seconds.',
    )
    .argument('[name]', 'the service, as qicore limits names it (default: all)')
    .example('qicore limits clear CoinGecko', 'the penalty of one service')
    .runs(() => import('../verbs/limitsClear.ts'))

export const limits = () => {
  const group = new CliCommand('limits')
    .summary('rate limits of providers: show calls left and penalties, end penalties')
    .description(
      'Shows the rate limits that all processes of this store share: calls allowed, calls left, and penalties. A penalty is the time for which a provider throttled us; it lasts an hour at most, then one call probes the provider. The platform need not run.',
    )
    .printsRows()
    .example('qicore limits', 'calls left, and penalties')
    .example('qicore limits --json', 'the same for a program')
    .runs(() => import('../verbs/limits.ts'))
  group.addCommand(clear())
  return group
}
