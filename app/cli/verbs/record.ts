import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  countOf,
  escapeHidden,
  FRAME_CHANNEL,
  type FrameEvent,
  QiError,
  type Source,
  type SourcesConfig,
  suggest,
} from '../../../lib/src/base/types/index.ts'
import { loggerOf } from '../logging.ts'
import { FrameFile } from '../record/FrameFile.ts'
import { keyCutter } from '../record/keys.ts'
import type { Session } from '../session.ts'
import { duration } from '../text/age.ts'
import { size } from '../text/size.ts'
import { Screen } from '../up/Screen.ts'

export interface RecordInput {
  readonly source: string
  readonly output: string
  readonly minutes: number
  readonly megabytes: number
}

const EVERY_MS = 1000
/** Seconds between two lines of progress without a terminal. */
const QUIET_S = 10

export async function run(session: Session, { source: name, output, minutes, megabytes }: RecordInput): Promise<undefined> {
  const { config } = await session.load()
  const instance = instanceOf(config.sources, name)
  await using source = await instance.type.open(instance.settings, { name, logger: loggerOf(session) })
  if (!source.figures)
    throw wrong(`source ${name} reads no sockets: its records come from calls or files; name the source of an exchange`)
  const path = resolve(output)
  const file = await FrameFile.create({ path, mostBytes: megabytes * 1e6, cutKeys: keyCutter(instance) })
  const screen = new Screen(session)
  session.interrupt.onFirst(() => screen.notice('Stopping.', { event: 'stopping' }))
  const began = performance.now()
  const stop = AbortSignal.any([session.signal, file.full, AbortSignal.timeout(minutes * 60_000)])
  try {
    await record(source, file, stop, progressOn(screen, source, file))
  } finally {
    screen.status('')
    await file.close().finally(() => (file.bytes === 0 ? rm(path, { force: true }) : undefined))
  }
  const { frames, bytes } = file
  if (frames === 0)
    throw new QiError('UNAVAILABLE', `no message of ${name} came, and no file was written${because(source)}; try qicore doctor`)
  const ms = Math.round(performance.now() - began)
  if (session.json) await session.out.line(JSON.stringify({ event: 'done', file: path, messages: frames, bytes, ms }))
  else await session.out.line(`written: ${path}, ${countOf(frames, 'message')}, ${size(bytes)}, in ${duration(ms)}`)
}

/** Writes the messages of a source until `stop`. Its records are pulled, so that it goes on, and dropped. */
async function record(source: Source, file: FrameFile, stop: AbortSignal, onTick: () => void): Promise<void> {
  const listener = (message: unknown) => {
    const frame = message as FrameEvent
    if (frame.source === source.name) file.add(frame)
  }
  const close = () => void source.close().catch(() => {})
  subscribe(FRAME_CHANNEL, listener)
  stop.addEventListener('abort', close, { once: true })
  if (stop.aborted) close()
  const timer = setInterval(() => {
    file.flush()
    onTick()
  }, EVERY_MS)
  try {
    // Records that nobody pulls pause the sockets: a slow disk slows the exchange down, and memory stays bounded.
    for await (const _ of source) await file.room()
  } finally {
    clearInterval(timer)
    stop.removeEventListener('abort', close)
    unsubscribe(FRAME_CHANNEL, listener)
  }
}

function progressOn(screen: Screen, source: Source, file: FrameFile): () => void {
  let seconds = 0
  return () => {
    seconds++
    const { frames, bytes } = file
    const text = `${countOf(frames, 'message')}, ${size(bytes)}${because(source)}`
    if (screen.isLive) screen.status(`${duration(seconds * EVERY_MS)} │ ${text} │ Ctrl-C ends`)
    else if (seconds % QUIET_S === 0) screen.notice(text, { event: 'progress', messages: frames, bytes })
  }
}

const because = ({ trouble }: Source): string => (trouble ? `: ${escapeHidden(trouble.error.message)}` : '')

function instanceOf({ instances }: SourcesConfig, name: string) {
  const found = instances.get(name)
  if (found) return found
  throw new QiError('NOT_FOUND', `there is no source named ${name.slice(0, 60)}${suggest(name, [...instances.keys()])}`, {
    field: 'source',
  })
}

const wrong = (message: string): QiError => new QiError('BAD_REQUEST', message, { field: 'source' })
