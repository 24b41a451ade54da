import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { QiError } from '../../base/index.ts'
import { defineLauncher, type LauncherContext, type Precondition } from '../shared/launcher.ts'
import { requirePreconditions } from '../shared/preconditions.ts'
import { programOnPath, succeeds } from '../shared/programs.ts'
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
    context.brokers?.length
      ? { name: 'brokers', ok: true, summary: context.brokers.join(', ') }
      : { name: 'brokers', ok: false, summary: 'no Redpanda is configured', remedy: 'set REDPANDA_BROKERS' },
  ]
}

const name = 'redpanda'

/** Redpanda Connect's server. It offers what the files of its folder declare: they are written anew from our record types and topics. */
export const OfficialRedpandaMCPLauncher = defineLauncher({
  name,
  summary: "Redpanda Connect's server: reads our topics, and appends to them unless it may only read",
  preconditions,
  async launch(context) {
    await requirePreconditions({ name, preconditions }, context)
    const { command, args } = (await programOf(context)) as Program
    const folder = join(context.serversFolder, name)
    await rm(join(folder, 'resources'), { recursive: true, force: true })
    for (const { path, text } of resourceFiles({ brokers: context.brokers ?? [], readOnly: context.readOnly ?? true })) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    // One faulty file stops the server without a word about which.
    if (!(await succeeds(command, [...args, 'lint', folder])))
      throw new QiError(
        'UNSUPPORTED',
        `${command} does not accept the resources in ${folder}: ${command} ${args.join(' ')} lint ${folder} says why`,
      )
    return { spec: { command, args: [...args, folder] } }
  },
})
