import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { QiError } from '../../base/types/index.ts'
import { defineLauncher, type LauncherContext, type Precondition } from '../shared/launcher.ts'
import { requirePreconditions } from '../shared/preconditions.ts'
import { programOnPath, runProgram } from '../shared/programs.ts'
import { type ConnectSettings, connectSettings } from './cluster.ts'
import { resourceFiles } from './resources.ts'

interface Program {
  readonly command: string
  readonly args: readonly string[]
}

/** Redpanda Connect by itself, or as a part of rpk. */
async function programOf({ env }: LauncherContext): Promise<Program | undefined> {
  const connect = await programOnPath('redpanda-connect', env.PATH)
  if (connect) return { command: connect, args: ['mcp-server'] }
  const rpk = await programOnPath('rpk', env.PATH)
  return rpk === undefined ? undefined : { command: rpk, args: ['connect', 'mcp-server'] }
}

async function preconditions(context: LauncherContext): Promise<readonly Precondition[]> {
  const program = await programOf(context)
  return [
    program
      ? { name: 'program', ok: true, summary: [program.command, ...program.args].join(' ') }
      : {
          name: 'program',
          ok: false,
          summary: 'neither redpanda-connect nor rpk is on the PATH',
          remedy: 'install Redpanda Connect 4.56 or newer, by itself or with rpk connect install',
        },
    context.redpanda
      ? { name: 'brokers', ok: true, summary: context.redpanda.brokers.join(', ') }
      : { name: 'brokers', ok: false, summary: 'no Redpanda is configured', remedy: 'set REDPANDA_BROKERS' },
  ]
}

const name = 'redpanda'

/** A binary of 300 MB takes a slow disk a while to start. */
const LINT_MS = 60_000

/** Redpanda Connect's server. Its tools come from the files of its folder, written at each start from our record types and topics. */
export const OfficialRedpandaMCPLauncher = defineLauncher({
  name,
  summary: "Redpanda Connect's server: reads our topics; appends to them with mcp.read_only: false",
  preconditions,
  async launch(context) {
    await requirePreconditions({ name, preconditions }, context)
    const program = (await programOf(context)) as Program
    const settings = connectSettings(context.redpanda as NonNullable<LauncherContext['redpanda']>)
    const folder = join(context.serversFolder, name)
    await rm(join(folder, 'resources'), { recursive: true, force: true })
    const { platformId = 'qicore', readOnly = true } = context
    for (const { path, text } of resourceFiles({ settings, platformId, readOnly })) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text, { mode: 0o600 })
    }
    await lint(program, folder, settings, context)
    return { spec: { command: program.command, args: [...program.args, folder], env: settings.env } }
  },
})

/** Checks the files first: one faulty file stops the server without naming it. @throws QiError TIMEOUT, UNSUPPORTED with what the program said */
async function lint(
  { command, args }: Program,
  folder: string,
  { env }: ConnectSettings,
  context: LauncherContext,
): Promise<void> {
  const line = [...args, 'lint', folder]
  const { code, timedOut, said } = await runProgram(command, line, {
    env,
    own: context.env,
    timeoutMs: context.lintMs ?? LINT_MS,
    signal: context.signal,
  })
  if (code === 0) return
  const told = `${command} ${line.join(' ')}`
  if (context.signal?.aborted) throw new QiError('CANCELLED', 'interrupted')
  if (timedOut)
    throw new QiError('TIMEOUT', `${told} did not end within ${(context.lintMs ?? LINT_MS) / 1000} s; it is tried again`)
  throw new QiError(
    'UNSUPPORTED',
    `${told} does not accept the resources (exit code ${code ?? 'none'}): ${said || 'it gave no reason'}`,
  )
}
