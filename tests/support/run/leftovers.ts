import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Leftover {
  readonly pid: number
  readonly command: string
}

/** Processes that mention a folder in their command, working directory or environment; the test runner's own are not among them. */
export const processesOf = (folder: string): readonly Leftover[] =>
  (process.platform === 'linux' ? fromProc() : fromPs()).filter(
    ({ pid, command, traces }) => pid !== process.pid && traces.includes(folder) && !command.includes('vitest'),
  )

type Traced = Leftover & { readonly traces: string }

const fromProc = (): Traced[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && !/^\d+ \(.*\) [ZX]/s.test(read(pid, 'stat')))
    .map((pid) => {
      const command = read(pid, 'cmdline').replaceAll('\0', ' ')
      return { pid: Number(pid), command, traces: `${command} ${workingFolder(pid)} ${read(pid, 'environ')}` }
    })

const fromPs = (): Traced[] =>
  execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const [, pid, command = ''] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? []
      return pid ? [{ pid: Number(pid), command, traces: command }] : []
    })

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // it ended meanwhile
  }
}

function workingFolder(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}
