import { CliCommand } from '../CliCommand.ts'

const list = () =>
  new CliCommand('list')
    .summary('consumer groups with their lag')
    .description(
      'All consumer groups of the stream: members, topics, and messages that they have not read. The embedded log keeps what a group has not read.',
    )
    .example('qicore group list', 'all of them')
    .runs(() => import('../verbs/groupList.ts'))

const remove = () =>
  new CliCommand('delete')
    .summary('forget a consumer group with its offsets')
    .description(
      'Deletes a consumer group, so that the embedded log keeps nothing for it. It is asked first, and refused while the group has members. A destination that uses the group again starts with the oldest messages of its topics.',
    )
    .argument('<name>', 'of a group, as qicore doctor and qicore group list name it')
    .option('--yes', 'do not ask')
    .example('qicore group delete qicore-archive-lake', 'its destination is gone from qicore.yaml')
    .runs(() => import('../verbs/groupDelete.ts'))

export const group = () => {
  const all = new CliCommand('group')
    .summary('consumer groups: list, forget')
    .description(
      'Each destination of a pipeline reads the stream in a consumer group of its own. A group whose pipeline or destination is gone keeps messages in the embedded log until it is deleted, or for as long as max_lag allows.',
    )
  for (const command of [list(), remove()]) all.addCommand(command)
  return all
}
