import type { Readable } from 'node:stream'
import { SERVICE_NAMES, type ServiceEvent } from '../../../base/types/index.ts'
import { happened, SERVICE } from './answers.ts'

/** The events of our services from an answer of `/events` (one JSON value a line); ends when the signal is aborted. */
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

/** Undefined for other containers and unknown shapes. */
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
