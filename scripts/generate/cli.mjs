// docs/reference/cli.md, from the declarations of the commands.
import { EXIT, EXIT_OF_CODE, EXIT_SUMMARIES } from '../../app/cli/exitCodes.ts'
import { createProgram } from '../../app/cli/program.ts'

export const outputs = () => ({ 'docs/reference/cli.md': reference(createProgram()) })

function reference(program) {
  return `${[
    '# The command line',
    '',
    '<!-- Generated from app/cli/commands by `npm run generate`. -->',
    '',
    program.description(),
    '',
    'In a checkout: `npx qicore …`. Results go to stdout; logs, remarks and errors to stderr. No colours outside of a terminal, or with',
    '`NO_COLOR` set.',
    '',
    '| flag of every command | |',
    '|---|---|',
    ...options(program),
    '',
    ...program.commands.flatMap((command) => section(command, 'qicore')),
    '## Exit codes',
    '',
    'An error is one line, `error: …`, and what to do about it; with `--json` an object `{"error": {"code", "message", "exit_code", …}}`.',
    '',
    '| exit code | meaning | error codes |',
    '|---|---|---|',
    ...Object.values(EXIT).map((exit) => `| ${exit} | ${EXIT_SUMMARIES[exit]} | ${codesOf(exit)} |`),
  ].join('\n')}\n`
}

function section(command, parent) {
  const name = `${parent} ${command.name()}`
  const rows = [...args(command), ...options(command)]
  return [
    `${parent === 'qicore' ? '##' : '###'} ${name}`,
    '',
    command.description(),
    '',
    ...(command.commands.length ? [] : ['```', `${name} ${command.usage()}`, '```', '']),
    ...(rows.length ? ['| | |', '|---|---|', ...rows, ''] : []),
    ...command.notes.flatMap((note) => [note, '']),
    ...(command.examples.length ? ['```sh', ...command.examples.map(({ line, what }) => `${line}  # ${what}`), '```', ''] : []),
    ...command.commands.flatMap((below) => section(below, name)),
  ]
}

const args = (command) => command.registeredArguments.map((argument) => row(argument.name(), argument))
const options = (command) => command.options.map((option) => row(option.flags, option))

function row(name, { description, defaultValue, argChoices }) {
  const more = [argChoices && `one of ${argChoices.join(', ')}`, defaultValue !== undefined && `default: ${defaultValue}`].filter(
    Boolean,
  )
  return `| \`${name}\` | ${[description, ...more].join('; ').replaceAll('|', '\\|')} |`
}

const codesOf = (exit) =>
  Object.entries(EXIT_OF_CODE)
    .filter(([, of]) => of === exit)
    .map(([code]) => `\`${code}\``)
    .join(', ')
