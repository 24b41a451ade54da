// Makes the tables of trading hours again from exchange_calendars of PyPI, in a virtual environment of its own, and the figures that the
// tests compare them with. Needs Python 3.10 or later.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PACKAGE = process.argv[2] ?? 'exchange_calendars'
const root = join(import.meta.dirname, '../..')
const tables = join(root, 'lib/src/base/types/calendars/exchanges')
const fixture = join(root, 'tests/fixtures/calendars.json')

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: root })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `ended with ${status}`}`)
}

const folder = mkdtempSync(join(tmpdir(), 'qicore-calendars-'))
try {
  run('python3', '-m', 'venv', folder)
  const python = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  run(python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE)
  run(python, join(import.meta.dirname, 'tables.py'), tables, fixture)
  run(process.execPath, join(root, 'node_modules/@biomejs/biome/bin/biome'), 'format', '--write', tables, fixture)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
