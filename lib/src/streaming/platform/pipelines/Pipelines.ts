import type { Pool } from '../../../base/database/index.ts'
import {
  type PipelineCheck,
  type PipelineControl,
  type PipelineDeployed,
  type PipelineDraftInfo,
  type PipelineHistoryEvent,
  type PipelineInfo,
  type PipelineSource,
  type PipelineText,
  QiError,
  suggest,
  type TopicCatalogue,
} from '../../../base/types/index.ts'
import { describeProblem, PIPELINE_NAME, parseDeclaration, topicsRead, topicsWritten } from '../../pipelines/declare/index.ts'
import { type DeployedPipeline, Drafts, type PipelineSnapshot, PipelineStore } from '../../pipelines/deployed/index.ts'
import { type ConfiguredDestination, configuredPipelines } from './configured.ts'
import { type Configured, checkText, infoOf, outputsOf } from './infos.ts'

export interface PipelinesOptions {
  /** The store's pool; called at the first use. */
  readonly pool: () => Pool
  /** Names of the configured consumers. */
  readonly consumers: readonly string[]
  readonly destinations: () => readonly ConfiguredDestination[]
}

/** Longest text of a draft, in characters. A declaration that can be deployed is shorter. */
const LONGEST_DRAFT = 512 * 1024

/** The pipelines of a store, checked against the configuration of this process. */
export class Pipelines implements PipelineControl {
  readonly #options: PipelinesOptions
  #opening: Promise<{ readonly store: PipelineStore; readonly drafts: Drafts }> | undefined

  constructor(options: PipelinesOptions) {
    this.#options = options
  }

  async list(): Promise<readonly PipelineInfo[]> {
    const configured = this.#configured()
    const { store } = await this.#open()
    const among = await store.snapshot()
    const deployed = among.pipelines.map((pipeline) => infoOf(pipeline, among, configured))
    return [...configured.pipelines, ...deployed].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The configured pipelines. No database is needed. */
  configured(): readonly PipelineInfo[] {
    return this.#configured().pipelines
  }

  async check(source: PipelineSource): Promise<PipelineCheck> {
    const { store } = await this.#open()
    const among = await store.snapshot()
    const { declaration, problems } = checkText(source, among, this.#configured())
    const current = among.pipelines.find(({ name }) => name === declaration?.name)
    return {
      ...(declaration && { name: declaration.name }),
      problems,
      replaces: current?.version ?? 0,
      changes: current?.text !== source.text,
      reads: declaration ? topicsRead(declaration) : [],
      outputs: declaration ? outputsOf(declaration, among) : [],
      writes: declaration ? topicsWritten(declaration) : [],
    }
  }

  async show(name: string, version?: number): Promise<PipelineText> {
    const configured = this.#configured()
    const { store } = await this.#open()
    const among = await store.snapshot()
    const own = configured.pipelines.find((pipeline) => pipeline.name === name)
    if (own && version === undefined) return own
    const current = among.pipelines.find((pipeline) => pipeline.name === name)
    if (!current || own) throw this.#unknown(name, among, version)
    if (version === undefined || version === current.version) return { ...infoOf(current, among, configured), ...textOf(current) }
    const other = { ...current, ...(await store.version(name, version)) }
    return { ...infoOf(other, among, configured), ...textOf(other) }
  }

  async deploy(
    source: PipelineSource,
    { replaces, by }: { readonly replaces: number; readonly by: string },
  ): Promise<PipelineDeployed> {
    const { store } = await this.#open()
    const { name, text } = await this.#parsed(source, store)
    const check = (given: string, among: PipelineSnapshot) => this.#checked({ ...source, text: given, name }, among)
    const outcome = await store.deploy({ name, text, replaces, by, check })
    return { name, ...outcome, state: (await store.find(name)).state }
  }

  async rollback(
    name: string,
    version: number,
    { replaces, by }: { readonly replaces: number; readonly by: string },
  ): Promise<PipelineDeployed> {
    await this.#deployed(name)
    const { store } = await this.#open()
    const file = `${name} version ${version}`
    const check = (text: string, among: PipelineSnapshot) => this.#checked({ text, file, name }, among)
    const outcome = await store.rollback({ name, version, replaces, by, check })
    return { name, ...outcome, state: (await store.find(name)).state }
  }

  async stop(name: string, by: string): Promise<boolean> {
    await this.#deployed(name)
    return (await this.#open()).store.setState(name, 'stopped', by)
  }

  async resume(name: string, destination: string | undefined, by: string): Promise<void> {
    const { store } = await this.#open()
    const found = (await this.list()).find((pipeline) => pipeline.name === name)
    if (!found) throw this.#unknown(name, await store.snapshot())
    const outputs = found.outputs.map((output) => output.name)
    if (destination !== undefined && !outputs.includes(destination))
      throw new QiError(
        'NOT_FOUND',
        `pipeline ${name} has no output "${destination.slice(0, 70)}"${suggest(destination, outputs)}`,
        {
          field: 'destination',
        },
      )
    if (destination === undefined && found.kind === 'deployed' && (await store.setState(name, 'running', by))) return
    await store.resume(name, destination, by)
  }

  async delete(name: string, by: string): Promise<void> {
    await this.#deployed(name)
    const { store } = await this.#open()
    await store.delete(name, by, (among) => {
      const { declaration } = checkText(sourceOf(named(among, name)), among, this.#configured())
      const written = new Set(declaration ? topicsWritten(declaration).map(({ topic }) => topic) : [])
      for (const other of among.pipelines) {
        if (other.name === name) continue
        const read = infoOf(other, among, this.#configured()).reads.find((topic) => written.has(topic))
        if (read)
          throw new QiError(
            'CONFLICT',
            `pipeline ${other.name} reads topic ${read}, which ${name} writes: delete or change ${other.name} first`,
          )
      }
      const outputs = declaration ? outputsOf(declaration, among) : []
      return outputs.map(({ name: destination, group }) => ({ name: group, destination }))
    })
  }

  async history(name: string, limit: number): Promise<readonly PipelineHistoryEvent[]> {
    const { store } = await this.#open()
    const events = await store.history(name, limit)
    if (events.length === 0) throw this.#unknown(name, await store.snapshot(), 1)
    return events
  }

  async drafts(): Promise<readonly PipelineDraftInfo[]> {
    return (await this.#open()).drafts.list()
  }

  async draft(name: string): Promise<PipelineDraftInfo> {
    return (await this.#open()).drafts.find(name)
  }

  async saveDraft(
    name: string,
    text: string,
    { replaces, by }: { readonly replaces: number; readonly by: string },
  ): Promise<PipelineDraftInfo> {
    if (!PIPELINE_NAME.test(name))
      throw new QiError(
        'BAD_REQUEST',
        `name ${JSON.stringify(name.slice(0, 70))} is no valid pipeline name: use 1 to 63 of a-z 0-9 . _ -`,
        {
          field: 'name',
        },
      )
    if (text.length > LONGEST_DRAFT || text.includes('\0'))
      throw new QiError('BAD_REQUEST', `text: a draft has at most ${LONGEST_DRAFT} characters and no NUL; shorten it`, {
        field: 'text',
      })
    return (await this.#open()).drafts.save({ name, text, replaces, by })
  }

  async discardDraft(name: string): Promise<void> {
    await (await this.#open()).drafts.discard(name)
  }

  /** Adds the topics that pipelines write to a catalogue. A running platform keeps its own catalogue up to date. */
  async declareTopics(catalogue: TopicCatalogue): Promise<void> {
    catalogue.declare(await (await this.store()).topics())
  }

  /** The deployed pipelines in the store, for the runner. */
  async store(): Promise<PipelineStore> {
    return (await this.#open()).store
  }

  #configured(): Configured {
    const destinations = this.#options.destinations()
    return {
      pipelines: configuredPipelines(this.#options.consumers, destinations),
      destinations: destinations.map(({ name }) => name),
    }
  }

  async #parsed(source: PipelineSource, store: PipelineStore): Promise<{ readonly name: string; readonly text: string }> {
    const { text, file = 'text', name } = source
    const parsed = parseDeclaration(text, { file, name })
    if ('problems' in parsed) throw refusal(checkText(source, await store.snapshot(), this.#configured()).problems)
    return { name: parsed.declaration.name, text }
  }

  #checked(source: PipelineSource, among: PipelineSnapshot) {
    const { declaration, problems } = checkText(source, among, this.#configured())
    if (!declaration || problems.length > 0) throw refusal(problems)
    return topicsWritten(declaration)
  }

  /** @throws QiError UNSUPPORTED for a configured pipeline */
  async #deployed(name: string): Promise<void> {
    const own = this.#configured().pipelines.find((pipeline) => pipeline.name === name)
    if (own)
      throw new QiError('UNSUPPORTED', `pipeline ${name} is ${own.kind}: it is declared by ${own.place}; change it there`, {
        field: 'name',
      })
  }

  #unknown(name: string, among: PipelineSnapshot, version?: number): QiError {
    const known = [...(version === undefined ? this.#configured().pipelines : []), ...among.pipelines].map(
      (pipeline) => pipeline.name,
    )
    const what =
      version === undefined ? `there is no pipeline "${name.slice(0, 70)}"` : `no pipeline "${name.slice(0, 70)}" was deployed`
    return new QiError('NOT_FOUND', `${what}${suggest(name, known)}`, { field: 'name' })
  }

  #open(): Promise<{ readonly store: PipelineStore; readonly drafts: Drafts }> {
    const opening = async () => {
      const pool = this.#options.pool()
      return { store: await PipelineStore.open(pool), drafts: await Drafts.open(pool) }
    }
    this.#opening ??= opening().catch((error: unknown) => {
      // The next call tries again.
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }
}

const named = (among: PipelineSnapshot, name: string): DeployedPipeline =>
  among.pipelines.find((pipeline) => pipeline.name === name) as DeployedPipeline

const sourceOf = ({ name, text, version }: DeployedPipeline): PipelineSource => ({
  name,
  text,
  file: `${name} version ${version}`,
})

const textOf = ({ text, sha256 }: DeployedPipeline) => ({ text, sha256 })

function refusal(problems: Parameters<typeof describeProblem>[0][] | readonly Parameters<typeof describeProblem>[0][]): QiError {
  const [first] = problems
  return new QiError('BAD_REQUEST', problems.map(describeProblem).join('\n'), { field: first?.field ?? '' })
}
