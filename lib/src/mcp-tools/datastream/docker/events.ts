import type { Readable } from 'node:stream'
import { SERVICE_NAMES, type ServiceEvent } from '../../../base/index.ts'
import { happened, SERVICE } from './answers.ts'

/** An answer to `/events` (one JSON value a line) as what happened to our services; it ends when the signal is aborted. */
export async function* serviceEvents(body: Readable, signal: AbortSignal): AsyncGenerator<ServiceEvent> {
  let held = ''
  try {
    for await (const chunk of body.setEncoding('utf8')) {
      const lines = (held + chunk).split('\n')
      held = lines.pop() as string
      for (const line of lines) {
        const event = eventOf(line)
        if (event) yield event
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Nothing for what is not about a service of ours, or of another shape. */
function eventOf(line: string): ServiceEvent | undefined {
  if (line.trim() === '') return undefined
  const { data } = happened.safeParse(JSON.parse(line))
  const service = SERVICE_NAMES.find((name) => name === data?.Actor.Attributes[SERVICE])
  if (!data || !service) return undefined
  const { exitCode: code, signal } = data.Actor.Attributes
  return {
    service,
    action: data.Action,
    time: Math.floor(data.timeNano / 1e6),
    ...(code !== undefined && { exit_code: Number(code) }),
    ...(signal !== undefined && { signal: Number(signal) }),
  }
}
