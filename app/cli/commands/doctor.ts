import { CliCommand } from '../CliCommand.ts'

export const doctor = () =>
  new CliCommand('doctor')
    .summary('check everything that the platform needs')
    .description(
      'Tries everything that the platform needs: Node, settings, data folder, database, stream, schema registry, providers. Each line says what works (✔), what does not work and the remedy (✖), or what is not in use (–). Nothing is left behind.',
    )
    .example('qicore doctor', 'this machine and this project')
    .example('qicore doctor --json', 'for a program; the exit code is 1 if a check fails')
    .runs(() => import('../verbs/doctor.ts'))
