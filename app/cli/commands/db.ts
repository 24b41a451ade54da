import { CliCommand } from '../CliCommand.ts'

const url = () =>
  new CliCommand('url')
    .summary('print the address of the database, with its password')
    .description(
      'Prints the address for programs that speak SQL, such as DBeaver, Grafana, pandas or DuckDB, in a role that can only read. The role, its password and its limits are created if they are missing.',
    )
    .option('--admin', 'in the role that owns the tables, which may change and delete everything')
    .note(
      'The password of the embedded server is in postgres.reader.password in the data folder: delete the file and run this command for a new one.',
    )
    .example('qicore db url', 'for a program that reads')
    .example('export DATABASE_READER="$(qicore db url)"', 'for a script, without showing the password')
    .runs(() => import('../verbs/dbUrl.ts'))

export const db = () => {
  const group = new CliCommand('db')
    .summary('the database behind the store: print its address')
    .description('The database of this project, embedded or at DATABASE_URL, for programs that speak SQL.')
  group.addCommand(url())
  return group
}

export const psql = () =>
  new CliCommand('psql')
    .summary('open an SQL prompt on the database')
    .description(
      'Starts psql on the database of this project, in a role that can only read; without psql, a prompt of QiCore. If the embedded server does not run, it is started.',
    )
    .option('-c, --command <sql>', 'run this SQL and end; with --json its rows as JSON, every figure as text')
    .option('--admin', 'in the role that owns the tables, which may change and delete everything')
    .note('docs/reading.md shows how Python, DuckDB and Excel read the same data.')
    .example('qicore psql', 'a prompt')
    .example('qicore psql -c "select coin_id, last, price from series where type = \'price\'"', 'one query')
    .runs(() => import('../verbs/psql.ts'))
