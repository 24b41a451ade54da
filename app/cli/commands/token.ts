import { Option } from 'commander'
import { positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const create = () =>
  new CliCommand('create')
    .summary('create a token, and print it once')
    .description(
      'Creates a token with a role and prints it. Only a hash is stored, so it cannot be shown again. Running servers accept it at once.',
    )
    .argument('<name>', 'name of the holder, for the audit log; several tokens may have the same name')
    .addOption(
      new Option('--role <role>', 'viewer reads; operator also starts, stops, backfills and inserts records; admin also destroys')
        .choices(['viewer', 'operator', 'admin'])
        .default('viewer'),
    )
    .option('--days <count>', 'days that it is valid (default: until it is revoked)', positive)
    .example('qicore token create dashboard', 'for a program that only reads')
    .example('qicore token create ci --role operator --days 90', 'for a program that backfills')
    .runs(() => import('../verbs/tokenCreate.ts'))

const list = () =>
  new CliCommand('list')
    .summary('list the tokens, without their secrets')
    .description('Lists valid tokens, and tokens that were revoked or expired in the last 90 days, newest first.')
    .printsRows()
    .example('qicore token list', 'names, roles, and the last use of each')
    .runs(() => import('../verbs/tokenList.ts'))

const revoke = () =>
  new CliCommand('revoke')
    .summary('revoke a token')
    .description('Revokes a token, or all tokens with a name. Running servers refuse it within a second.')
    .argument('<which>', 'number of the token, from qicore token list, or a name')
    .example('qicore token revoke 3', 'the old token, after its holder got a new one')
    .runs(() => import('../verbs/tokenRevoke.ts'))

export const token = () => {
  const group = new CliCommand('token')
    .summary('tokens for HTTP, WebSocket and MCP: create, list, revoke')
    .description(
      'Named tokens with a role, stored as hashes. To rotate a token: create another one with the same name, hand it out, revoke the old one. QICORE_TOKEN is an admin token besides these.',
    )
  for (const command of [create(), list(), revoke()]) group.addCommand(command)
  return group
}
