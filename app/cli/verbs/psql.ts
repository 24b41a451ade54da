import { createPool } from '../../../lib/src/base/database/index.ts'
import { QiError, toQiError } from '../../../lib/src/base/types/index.ts'
import type { LoadedConfig } from '../../../lib/src/streaming/platform/index.ts'
import { audited } from '../audited.ts'
import { EXIT } from '../exitCodes.ts'
import { type OpenAccess, openAccess } from '../psql/access.ts'
import { Connection } from '../psql/Connection.ts'
import { readHistory, writeHistory } from '../psql/history.ts'
import { Prompt } from '../psql/Prompt.ts'
import { findPsql, runPsql } from '../psql/program.ts'
import { showAnswer, showError } from '../psql/show.ts'
import type { Session } from '../session.ts'

export interface PsqlInput {
  readonly command?: string
  readonly admin?: boolean
}

export async function run(session: Session, input: PsqlInput): Promise<number> {
  const loaded = await session.load()
  await using access = await openAccess(session, loaded, input.admin)
  if (!input.admin) return await ask(session, loaded, access, input)
  // The owner's role may change anything, so the command leaves a line in the audit log.
  const pool = createPool(access.address.url, { max: 1 })
  try {
    return await audited({ pool }, 'psql', { ...input }, () => ask(session, loaded, access, input))
  } finally {
    await pool.end()
  }
}

async function ask(session: Session, loaded: LoadedConfig, access: OpenAccess, { command }: PsqlInput): Promise<number> {
  const { address, embedded } = access
  const program = session.json ? undefined : await findPsql()
  if (program !== undefined) return await runPsql(session, program, address.url, command)
  await using connection = await connected(address.url)
  if (address.readOnly) await embedded?.confine(connection.pid)
  if (command !== undefined) return await once(session, connection, command)
  if (session.json) throw new QiError('BAD_REQUEST', '--json needs -c: give the SQL with -c, or leave --json out')
  return await prompt(session, connection, loaded.config.home)
}

async function connected(url: string): Promise<Connection> {
  try {
    return await Connection.open(url)
  } catch (error) {
    throw toQiError(error)
  }
}

async function once(session: Session, connection: Connection, sql: string): Promise<number> {
  const { out, err, json, signal } = session
  const stop = () => connection.cancel()
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (const answer of await connection.run(sql)) {
      const { columns, rows, more, command } = answer
      if (!json) await showAnswer(out, answer, false)
      else await out.json({ command, columns: columns.map(({ name }) => name), rows, more })
    }
    return EXIT.ok
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted
    if (json) throw new QiError('BAD_REQUEST', `sql: ${(error as Error).message}`, { field: 'sql', cause: error })
    await showError(err, error as Error, sql)
    return EXIT.failed
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function prompt(session: Session, connection: Connection, home: string): Promise<number> {
  const { out, err, signal } = session
  const interactive = process.stdin.isTTY === true && out.isTerminal
  if (interactive)
    await session.remark('psql is not on the PATH, so this is the prompt of QiCore: \\? lists its commands, \\q leaves')
  let history = await readHistory(home)
  const common = { connection, input: process.stdin, out, err, signal }
  const worked = await new Prompt({
    ...common,
    interactive,
    history,
    onHistory: (lines) => {
      history = [...lines]
    },
  }).run()
  if (interactive) await writeHistory(home, history)
  return signal.aborted ? EXIT.interrupted : worked ? EXIT.ok : EXIT.failed
}
