import { atLeastZero, positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const list = () =>
  new CliCommand('list')
    .summary('all pipelines, and what each brings where')
    .description(
      'Deployed pipelines, the built-in ones into the store (consumers in qicore.yaml), and destinations that name records. What this configuration cannot run is said so.',
    )
    .example('qicore pipeline list', 'all of them')
    .runs(() => import('../verbs/pipelineList.ts'))

const check = () =>
  new CliCommand('check')
    .summary('everything that is wrong with a file')
    .description(
      'Checks a declaration against its surroundings. Each problem has file, line, column, field, value and a remedy; the exit code is 2 then.',
    )
    .argument('<file>', 'a YAML file; - is stdin')
    .option('--name <name>', 'its name, where the file has none (default: that of the file)')
    .example('qicore pipeline check pipelines/archive.yaml', 'before it is deployed')
    .runs(() => import('../verbs/pipelineCheck.ts'))

const show = () =>
  new CliCommand('show')
    .summary('a pipeline and the text of a version')
    .description(
      'A pipeline: its kind and state, what it reads, its outputs with their consumer groups, and the text of the version that runs or of another.',
    )
    .argument('<name>', 'of a pipeline')
    .argument('[version]', 'another version than the one that runs', positive)
    .example('qicore pipeline show archive', 'the version that runs')
    .example('qicore pipeline show archive 2', 'an earlier one')
    .runs(() => import('../verbs/pipelineShow.ts'))

const deploy = () =>
  new CliCommand('deploy')
    .summary('make a file the version that runs')
    .description(
      'Checks a declaration and makes it the version that runs, in every process of the platform. It is asked first. A text that runs already deploys nothing.',
    )
    .argument('<file>', 'a YAML file; - is stdin')
    .option('--name <name>', 'its name, where the file has none (default: that of the file)')
    .option('--replaces <version>', 'the version that it was made from (0: none): refused where another runs by now', atLeastZero)
    .option('--yes', 'do not ask')
    .example('qicore pipeline deploy pipelines/archive.yaml', 'check, ask, deploy')
    .example('qicore pipeline deploy pipelines/archive.yaml --replaces 3 --yes', 'for a script')
    .runs(() => import('../verbs/pipelineDeploy.ts'))

const pull = () =>
  new CliCommand('pull')
    .summary('write the version that runs into a file')
    .description('Writes the deployed text byte for byte, for Git.')
    .argument('<name>', 'of a pipeline')
    .argument('[file]', 'default: NAME.yaml; - is stdout')
    .option('--force', 'overwrite a file that differs')
    .example('qicore pipeline pull archive pipelines/archive.yaml', 'before it is committed')
    .runs(() => import('../verbs/pipelinePull.ts'))

const stop = () =>
  new CliCommand('stop')
    .summary('bring nothing more anywhere, in any process')
    .description(
      'Stops a pipeline. Its consumer groups stay where they are: a later resume goes on there. What lies beyond max_lag by then is skipped.',
    )
    .argument('<name>', 'of a pipeline')
    .example('qicore pipeline stop archive', 'until it is resumed')
    .runs(() => import('../verbs/pipelineStop.ts'))

const resume = () =>
  new CliCommand('resume')
    .summary('start a stopped pipeline, have what is parked try again')
    .description(
      'Starts a stopped pipeline in every process. Of one that runs, parked deliveries try again: all of them, or the one into a destination.',
    )
    .argument('<name>', 'of a pipeline')
    .option('--destination <name>', 'only what is parked into this destination')
    .example('qicore pipeline resume archive', 'go on')
    .example('qicore pipeline resume archive --destination lake', 'the key of lake was wrong, and is mended')
    .runs(() => import('../verbs/pipelineResume.ts'))

const history = () =>
  new CliCommand('history')
    .summary('who deployed, stopped and resumed a pipeline, and when')
    .description('Changes of a pipeline, newest first. The newest 1,000 are kept, also of a pipeline that was deleted.')
    .argument('<name>', 'of a pipeline')
    .option('--limit <n>', 'most entries, newest first (default: 20)', positive)
    .example('qicore pipeline history archive', 'the last changes')
    .runs(() => import('../verbs/pipelineHistory.ts'))

const rollback = () =>
  new CliCommand('rollback')
    .summary('run an earlier version again')
    .description('Makes an earlier version the one that runs, in every process. It is checked anew, and asked first.')
    .argument('<name>', 'of a pipeline')
    .argument('<version>', 'its number, from history', positive)
    .option('--yes', 'do not ask')
    .example('qicore pipeline rollback archive 2', 'version 2 again')
    .runs(() => import('../verbs/pipelineRollback.ts'))

const remove = () =>
  new CliCommand('delete')
    .summary('delete a pipeline with its versions')
    .description(
      'Deletes a pipeline with its versions and consumer groups; its history stays. It is asked first, and refused while another pipeline reads what it writes.',
    )
    .argument('<name>', 'of a pipeline')
    .option('--yes', 'do not ask')
    .example('qicore pipeline delete archive', 'ask, delete')
    .runs(() => import('../verbs/pipelineDelete.ts'))

export const pipeline = () => {
  const group = new CliCommand('pipeline')
    .summary('pipelines: check, deploy, stop, resume, roll back')
    .description(
      'A pipeline brings records or topics to destinations or to a topic of its own. It is one YAML document, deployed into the store, whether a platform runs or not; every process of a platform follows. docs/pipelines.md explains the format.',
    )
  for (const command of [list(), check(), show(), deploy(), pull(), stop(), resume(), history(), rollback(), remove()])
    group.addCommand(command)
  return group
}
