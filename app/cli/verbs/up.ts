import { setTimeout } from 'node:timers/promises'
import { countOf, escapeHiddenInLines } from '../../../lib/src/base/types/index.ts'
import { CryptoDataPlatform, type LoadedConfig } from '../../../lib/src/streaming/platform/index.ts'
import { type RunningServer, serve } from '../../server/index.ts'
import { version } from '../../version.ts'
import { claimProject, type ProjectClaim } from '../claim/project.ts'
import { createLogger } from '../logging.ts'
import type { Session } from '../session.ts'
import { overview } from '../up/overview.ts'
import { expectFreePort } from '../up/port.ts'
import { Screen } from '../up/Screen.ts'
import { pulseOf, statusLine } from '../up/status.ts'
import { startStopDeadline } from '../up/stopDeadline.ts'

export interface UpInput {
  readonly sources?: string
  readonly host?: string
  readonly port?: string
  readonly logLevel?: string
  readonly logFormat?: 'pretty' | 'json'
}

/** Intervals of the status line on a terminal, and of the log line elsewhere. */
const LIVE_EVERY_MS = 1000
const LOG_EVERY_MS = 60_000

export async function run(session: Session, input: UpInput): Promise<undefined> {
  const loaded = await session.load({
    'server.host': input.host,
    'server.port': input.port,
    'sources.run': input.sources,
    'log.level': input.logLevel ?? (session.debug ? 'debug' : undefined),
  })
  const { home, server } = loaded.config
  const claim = await claimProject(home)
  try {
    await expectFreePort(server.host, server.port)
    await runPlatform(session, input, loaded, claim)
  } finally {
    await claim.release()
  }
}

async function runPlatform(session: Session, input: UpInput, { config }: LoadedConfig, claim: ProjectClaim): Promise<void> {
  const { signal, interrupt, err } = session
  const screen = new Screen(session)
  const format = input.logFormat ?? (err.isTerminal ? 'pretty' : 'json')
  const logger = createLogger({ level: config.log.level, format, err, write: (line) => screen.log(line), debug: session.debug })
  const platform = new CryptoDataPlatform({ config, logger, onNotice: (line) => screen.notice(escapeHiddenInLines(line)) })
  interrupt.onFirst(() => screen.notice('Stopping. Ctrl-C again ends at once.', { event: 'stopping' }))
  signal.addEventListener('abort', () => startStopDeadline((line) => screen.notice(line)), { once: true })

  screen.notice(`QiCore ${version}`, { event: 'starting', version })
  await platform.initialize(signal)
  const done = new AbortController()
  let http: RunningServer | undefined
  let ticking: Promise<void> | undefined
  try {
    if (signal.aborted) return
    http = await serve({ platform, config, logger })
    claim.announce(http.url)
    showOverview(screen, session, platform, http.url)
    interrupt.onFirst(() =>
      screen.notice('Stopping: acquired records are being stored. Ctrl-C again ends at once.', { event: 'stopping' }),
    )
    await platform.start()
    ticking = tick(platform, screen, logger, done.signal)
    screen.notice('Running. Ctrl-C stops.', { event: 'running', url: http.url, port: http.port, pid: process.pid })
    await aborted(signal)
  } finally {
    await http?.close()
    await platform.stop()
    done.abort()
    await ticking
    screen.status('')
  }
  const { stored, overwritten } = pulseOf(platform.getStatus(), Date.now())
  const others = overwritten > 0 ? `, ${overwritten} overwritten (their keys were stored already)` : ''
  screen.notice(`Stopped: ${countOf(stored, 'record')} stored${others}.`, { event: 'stopped', stored, overwritten })
}

function showOverview(screen: Screen, { out, json }: Session, platform: CryptoDataPlatform, url: string): void {
  const lines = overview(platform, url)
  if (json) screen.notice('ready', { event: 'ready', ...Object.fromEntries(lines) })
  else for (const [name, text] of lines) screen.notice(`  ${out.style('dim', name.padEnd(8))} ${text}`)
}

async function tick(
  platform: CryptoDataPlatform,
  screen: Screen,
  logger: { info(fields: object, message: string): void },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await setTimeout(screen.isLive ? LIVE_EVERY_MS : LOG_EVERY_MS, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    const now = Date.now()
    const { uptimeMs, ...pulse } = pulseOf(platform.getStatus(), now)
    if (screen.isLive) screen.status(statusLine({ uptimeMs, ...pulse }, now))
    else logger.info({ uptime_s: Math.round(uptimeMs / 1000), ...pulse }, 'running')
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
