import { atLeastZero, positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const list = () =>
  new CliCommand('list')
    .summary('list all pipelines: what each reads, and where it delivers')
    .description(
      'Lists deployed pipelines, the built-in ones into the store (consumers in qicore.yaml), and destinations that name record types. A pipeline that this configuration cannot run is listed with its problems.',
    )
    .printsRows()
    .example('qicore pipeline list', 'all pipelines')
    .runs(() => import('../verbs/pipelineList.ts'))

const check = () =>
  new CliCommand('check')
    .summary('check a pipeline file')
    .description(
      'Checks a declaration against the destinations and topics of this project. Each problem has file, line, column, field, value and a remedy. The exit code is 2 if there is one.',
    )
    .argument('<file>', 'a YAML file; - is stdin')
    .option('--name <name>', 'name of the pipeline, if the file has none (default: the name of the file)')
    .example('qicore pipeline check pipelines/archive.yaml', 'before it is deployed')
    .runs(() => import('../verbs/pipelineCheck.ts'))

const show = () =>
  new CliCommand('show')
    .summary('show a pipeline and its text')
    .description(
      'Shows a pipeline: its kind and state, what it reads, its outputs with their consumer groups, and the text of the running version or of another one.',
    )
    .argument('<name>', 'name of a pipeline')
    .argument('[version]', 'the version (default: the one that runs)', positive)
    .example('qicore pipeline show archive', 'the version that runs')
    .example('qicore pipeline show archive 2', 'an earlier one')
    .runs(() => import('../verbs/pipelineShow.ts'))

const deploy = () =>
  new CliCommand('deploy')
    .summary('deploy a pipeline file')
    .description(
      'Checks a declaration, asks, and makes it the version that runs in every process of the platform. If the same text runs already, nothing is done.',
    )
    .argument('<file>', 'a YAML file; - is stdin')
    .option('--name <name>', 'name of the pipeline, if the file has none (default: the name of the file)')
    .option(
      '--replaces <version>',
      'the version that the file was made from (0: none); refused if another one runs now',
      atLeastZero,
    )
    .option('--yes', 'do not ask')
    .example('qicore pipeline deploy pipelines/archive.yaml', 'check, ask, deploy')
    .example('qicore pipeline deploy pipelines/archive.yaml --replaces 3 --yes', 'for a script')
    .runs(() => import('../verbs/pipelineDeploy.ts'))

const pull = () =>
  new CliCommand('pull')
    .summary('write the running version to a file')
    .description('Writes the deployed text byte for byte to a file, for Git.')
    .argument('<name>', 'name of a pipeline')
    .argument('[file]', 'the file (default: NAME.yaml); - is stdout')
    .option('--force', 'overwrite a file that differs')
    .example('qicore pipeline pull archive pipelines/archive.yaml', 'before a commit')
    .runs(() => import('../verbs/pipelinePull.ts'))

const stop = () =>
  new CliCommand('stop')
    .summary('stop a pipeline in every process')
    .description(
      'Stops a pipeline. Its consumer groups keep their offsets: a later resume goes on from there, and skips messages that are beyond max_lag by then.',
    )
    .argument('<name>', 'name of a pipeline')
    .example('qicore pipeline stop archive', 'until it is resumed')
    .runs(() => import('../verbs/pipelineStop.ts'))

const resume = () =>
  new CliCommand('resume')
    .summary('start a stopped pipeline, or retry its parked deliveries')
    .description(
      'Starts a stopped pipeline in every process. If the pipeline runs, its parked deliveries are tried again: all, or the one to a destination.',
    )
    .argument('<name>', 'name of a pipeline')
    .option('--destination <name>', 'retry only the delivery to this destination')
    .example('qicore pipeline resume archive', 'start it again')
    .example('qicore pipeline resume archive --destination lake', 'after the key of lake was corrected')
    .runs(() => import('../verbs/pipelineResume.ts'))

const history = () =>
  new CliCommand('history')
    .summary('show who deployed, stopped and resumed a pipeline, and when')
    .description('Shows the changes of a pipeline, newest first. The newest 1,000 are kept, also after the pipeline was deleted.')
    .argument('<name>', 'name of a pipeline')
    .option('--limit <n>', 'most entries (default: 20)', positive)
    .printsRows()
    .example('qicore pipeline history archive', 'the last changes')
    .runs(() => import('../verbs/pipelineHistory.ts'))

const rollback = () =>
  new CliCommand('rollback')
    .summary('run an earlier version again')
    .description('Checks an earlier version, asks, and makes it the one that runs in every process.')
    .argument('<name>', 'name of a pipeline')
    .argument('<version>', 'number of the version, from qicore pipeline history', positive)
    .option('--yes', 'do not ask')
    .example('qicore pipeline rollback archive 2', 'version 2 again')
    .runs(() => import('../verbs/pipelineRollback.ts'))

const remove = () =>
  new CliCommand('delete')
    .summary('delete a pipeline with its versions')
    .description(
      'Deletes a pipeline with its versions and consumer groups; its history stays. Asks first, and refuses while another pipeline reads its topic.',
    )
    .argument('<name>', 'name of a pipeline')
    .option('--yes', 'do not ask')
    .example('qicore pipeline delete archive', 'ask, delete')
    .runs(() => import('../verbs/pipelineDelete.ts'))

export const pipeline = () => {
  const group = new CliCommand('pipeline')
    .summary('pipelines: check, deploy, stop, resume, roll back')
    .description(
      'A pipeline delivers records or topics to destinations or to a topic of its own. It is one YAML document, deployed into the store; every process of the platform runs the deployed version. The platform need not run to deploy. docs/pipelines.md explains the format.',
    )
  for (const command of [list(), check(), show(), deploy(), pull(), stop(), resume(), history(), rollback(), remove()])
    group.addCommand(command)
  return group
}
