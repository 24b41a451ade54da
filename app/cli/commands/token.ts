import { Option } from 'commander'
import { positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const create = () =>
  new CliCommand('create')
    .summary('make a token, and print it once')
    .description(
      'Makes a token with a role and prints it: it is kept as a hash and cannot be shown again. Servers that run know it at once.',
    )
    .argument('<name>', 'of its holder, as the audit log names it; several tokens may bear one name')
    .addOption(
      new Option('--role <role>', 'viewer reads; operator also starts, stops, backfills, hands in; admin also destroys')
        .choices(['viewer', 'operator', 'admin'])
        .default('viewer'),
    )
    .option('--days <count>', 'how long it is valid (default: until it is revoked)', positive)
    .example('qicore token create dashboard', 'for a program that only reads')
    .example('qicore token create ci --role operator --days 90', 'for one that backfills')
    .runs(() => import('../verbs/tokenCreate.ts'))

const list = () =>
  new CliCommand('list')
    .summary('the tokens, without their secrets')
    .description('The tokens that are valid, and those that were revoked or have expired in the last 90 days, newest first.')
    .example('qicore token list', 'their names, roles, and when each was used last')
    .runs(() => import('../verbs/tokenList.ts'))

const revoke = () =>
  new CliCommand('revoke')
    .summary('make a token worthless')
    .description('Revokes a token, or all that bear a name. Servers that run refuse it within a second.')
    .argument('<which>', 'its number, as qicore token list tells it, or a name')
    .example('qicore token revoke 3', 'the old one, once its holder has the new one')
    .runs(() => import('../verbs/tokenRevoke.ts'))

export const token = () => {
  const group = new CliCommand('token')
    .summary('tokens for HTTP, WebSocket and MCP: make, list, revoke')
    .description(
      'Named tokens with a role, kept in the store as hashes. To rotate one: make another of the same name, hand it out, revoke the old one. QICORE_TOKEN stays the token of an admin besides.',
    )
  for (const command of [create(), list(), revoke()]) group.addCommand(command)
  return group
}
