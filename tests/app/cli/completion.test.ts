import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completionTree } from '../../../app/cli/completion/tree.ts'
import { createProgram, everyCommand } from '../../../app/cli/program.ts'
import { describeWith } from '../../support/services.ts'
import { qicore } from './qicore.ts'

let folder: string
const scripts: Record<string, string> = {}
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qicore-completion-'))
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await qicore(['completion', shell], { cwd: folder })
    expect(code).toBe(0)
    scripts[shell] = join(folder, shell)
    await writeFile(scripts[shell], stdout)
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** [typed text, some of its completions, a word that is no completion] */
const TYPED: readonly (readonly [string, readonly string[], string])[] = [
  ['qicore ', ['up', 'query', 'completion'], 'latest'],
  ['qicore que', ['query'], 'up'],
  ['qicore query ', ['latest', 'candles', 'health'], 'query'],
  ['qicore --debug query l', ['latest'], 'candles'],
  ['qicore query latest --s', ['--sort', '--source', '--simulated'], '--limit'],
  ['qicore query latest --sort ', ['coin', 'market_cap', 'volume_24h', 'change_24h_pct'], '--sort'],
  ['qicore query candles --js', ['--json'], '--csv'],
  ['qicore gaps --c', ['--coin', '--csv', '--currency'], '--json'],
  ['qicore token create ci --role ', ['viewer', 'operator', 'admin'], 'list'],
]

const ZSH = fileURLToPath(new URL('./complete.zsh', import.meta.url))

/** The completions of the last word, as the shell gives them. */
const asked = {
  bash(typed: string): string[] {
    const words = typed.split(' ')
    const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _qicore; printf '%s\\n' "\${COMPREPLY[@]}"`
    return lines(spawnSync('bash', ['--norc', '-c', script, 'bash', scripts.bash as string, ...words], { encoding: 'utf8' }))
  },
  fish(typed: string): string[] {
    const script = 'set -g fish_complete_path; source $argv[1]; complete -C $argv[2]'
    const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }
    return lines(spawnSync('fish', ['--no-config', '-c', script, scripts.fish as string, typed], { encoding: 'utf8', env })).map(
      (line) => line.split('\t')[0] as string,
    )
  },
  zsh(typed: string): string[] {
    return lines(spawnSync('zsh', ['-f', ZSH, scripts.zsh as string, typed], { encoding: 'utf8', cwd: folder }))
  },
}

function lines({ stdout, stderr, status, error }: SpawnSyncReturns<string>): string[] {
  expect({ status, error, stderr }).toEqual({ status: 0, error: undefined, stderr: '' })
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}

for (const shell of ['bash', 'fish', 'zsh'] as const)
  describeWith(shell, `completion in ${shell}`, () => {
    it.each(TYPED)('of "%s"', (typed, words, wrong) => {
      const found = asked[shell](typed)
      expect(found).toEqual(expect.arrayContaining([...words]))
      expect(found).not.toContain(wrong)
    })
  })

describe('completion', () => {
  it('knows every command and every option', () => {
    const nodes = new Map(completionTree(createProgram()).map((node) => [node.path, node]))
    everyCommand(createProgram(), (command) => {
      const words: string[] = []
      for (let at = command; at.parent; at = at.parent as typeof command) words.unshift(at.name())
      const node = nodes.get(words.join(' '))
      expect(node?.commands.map(({ word }) => word)).toEqual(command.commands.map((below) => below.name()))
      expect(node?.options.flatMap(({ flags }) => flags)).toEqual(
        expect.arrayContaining(command.options.map(({ long, short }) => long ?? short)),
      )
    })
  })

  it('names the supported shells', async () => {
    expect(await qicore(['completion', 'zhs'], { cwd: folder })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean zsh?; name bash, zsh or fish'),
    })
  })
})
