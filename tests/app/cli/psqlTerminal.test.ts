import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { forOthers } from '../../../app/cli/psql/access.ts'
import { splitSql } from '../../../app/cli/psql/split.ts'
import { programOnPath } from '../../../bench/requirements.ts'
import { openStore } from '../../../lib/src/base/database/index.ts'
import { temporary } from '../../support/temporary.ts'
import { makeProject } from './project.ts'
import { MAIN } from './qicore.ts'

describe('typed SQL', () => {
  it.each([
    ['select 1; select 2;', ['select 1;', 'select 2;'], ''],
    ["select 'a;''b'; select", ["select 'a;''b';"], 'select'],
    ["select 'a", [], "select 'a"],
    ["select E'a\\';'; x", ["select E'a\\';';"], 'x'],
    ["select name';'; ", ["select name';';"], ''],
    ['select "a;b";', ['select "a;b";'], ''],
    ['do $$ begin; end $$; do $x$ $$; $x$;', ['do $$ begin; end $$;', 'do $x$ $$; $x$;'], ''],
    ['do $$ begin;', [], 'do $$ begin;'],
    ['select a$b; select $1;', ['select a$b;', 'select $1;'], ''],
    ['select 1 -- not; the end\n;', ['select 1 -- not; the end\n;'], ''],
    ['select /* a; /* b; */ ; */ 1; x', ['select /* a; /* b; */ ; */ 1;'], 'x'],
    ['select /* a;', [], 'select /* a;'],
    [' ; ;; ', [], ''],
  ])('%j is split as PostgreSQL splits it', (text, statements, rest) => {
    expect(splitSql(text)).toEqual({ statements, rest })
  })
})

it('an address for other programs uses the parameters of libpq', () => {
  const at = 'postgres://me:pw@db.example/market'
  expect(forOthers(at)).toBe(at)
  expect(forOthers(`${at}?sslmode=no-verify`)).toBe(`${at}?sslmode=require`)
  expect(forOthers(`${at}?sslmode=verify-full`)).toBe(`${at}?sslmode=verify-full&sslrootcert=system`)
  expect(forOthers(`${at}?sslmode=verify-full&sslrootcert=ca.pem`)).toBe(`${at}?sslmode=verify-full&sslrootcert=ca.pem`)
})

/** Types on a terminal, each time after a text was printed; resolves with the exit code. */
const TYPIST = `
import os, pty, re, sys, signal
steps = [
    (b"qicore=> ", b"select 41 as first_one,\\n"),
    (b"qicore-> ", b"  'x' as word;\\n"),
    (b"\\\\(1 row\\\\)[\\\\s\\\\S]*qicore=> ", b"select 'never ended\\n"),
    (b"qicore-> ", b"\\x03"),
    (b"qicore=> ", b"select sum(a * b) from generate_series(1, 1000000) a, generate_series(1, 1000000) b;\\n"),
    (b"b;[\\r\\n]+", b"\\x03"),
    (b"canceling statement[\\\\s\\\\S]*qicore=> ", b"alter role x password 'hidden';\\n"),
    (b"error[\\\\s\\\\S]*qicore=> ", b"select 42 as second_one;\\n"),
    (b"SECOND_ONE[\\\\s\\\\S]*qicore=> ", b"\\\\q\\n"),
]
signal.alarm(120)
pid, terminal = pty.fork()
if pid == 0:
    os.execve(sys.argv[2], sys.argv[2:], {**os.environ, "PATH": sys.argv[1]})
seen = b""
for wanted, typed in steps:
    while not re.search(wanted, seen):
        seen += os.read(terminal, 65536)
    seen = b""
    os.write(terminal, typed)
try:
    while os.read(terminal, 65536):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

describe.runIf(programOnPath('python3') && process.platform === 'linux')('on a terminal', () => {
  it('statements take several lines, Ctrl-C clears or cancels one and does not end the prompt, and the history has no secrets', async () => {
    await using project = await makeProject('prompt')
    const bare = await temporary('path')
    // Kept open, so that the program uses the running server and needs no PATH.
    await using _store = await openStore({ home: project.home })
    await promisify(execFile)(programOnPath('python3') as string, ['-c', TYPIST, bare, process.execPath, MAIN, 'psql'], {
      cwd: project.cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'xterm', QICORE_DATABASE_PORT: '0' },
    })
    const file = join(project.home, 'psql.history')
    const history = await readFile(file, 'utf8')
    expect(history).toContain('select 42 as second_one;')
    expect(history).toContain("  'x' as word;")
    expect(history).not.toContain('hidden')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })
})
