import { CliCommand } from '../CliCommand.ts'

const list = () =>
  new CliCommand('list')
    .summary('list consumer groups with their lag')
    .description(
      'Lists all consumer groups of the stream: members, topics, and lag (messages not read yet). The embedded log keeps messages that a group has not read.',
    )
    .printsRows()
    .example('qicore group list', 'all groups')
    .runs(() => import('../verbs/groupList.ts'))

const remove = () =>
  new CliCommand('delete')
    .summary('delete a consumer group with its offsets')
    .description(
      'Deletes a consumer group, so that the embedded log keeps no messages for it. Asks first, and refuses while the group has members. A destination that uses the group again starts with the oldest messages of its topics.',
    )
    .argument('<name>', 'name of a group, as qicore doctor and qicore group list show it')
    .option('--yes', 'do not ask')
    .example('qicore group delete qicore-archive-lake', 'after its destination was removed from qicore.yaml')
    .runs(() => import('../verbs/groupDelete.ts'))

export const group = () => {
  const all = new CliCommand('group')
    .summary('consumer groups: list, delete')
    .description(
      'Each destination of a pipeline reads the stream in a consumer group of its own. A group without its pipeline or destination keeps messages in the embedded log until it is deleted, or as long as max_lag allows.',
    )
  for (const command of [list(), remove()]) all.addCommand(command)
  return all
}
