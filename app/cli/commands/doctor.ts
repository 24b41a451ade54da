import { CliCommand } from '../CliCommand.ts'

export const doctor = () =>
  new CliCommand('doctor')
    .summary('try every engine, and say what is missing')
    .description(
      'Tries for real what the platform needs here: Node, settings, folder, database, stream, registry, providers. Each line says what works (✔), what does not (✖, with the remedy) or what is not in use (–). Leaves nothing behind.',
    )
    .example('qicore doctor', 'this machine and this project')
    .example('qicore doctor --json', 'for a program; the exit code is 1 if something does not work')
    .runs(() => import('../verbs/doctor.ts'))
