import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { recordedData as folder } from '../../support/services.ts'

/** A recorded file as text; `.gz` is unpacked. */
export function recordedText(path: string): string {
  const bytes = readFileSync(join(folder, path))
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

export interface Interaction {
  readonly recorded_at: string
  readonly request: { readonly method: string; readonly url: string }
  readonly response: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
}

const lines = <T>(path: string): T[] =>
  recordedText(path)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)

export const recordedInteractions = (): Interaction[] => lines('coingecko-vcr-2021/interactions.ndjson.gz')

export interface ErrorBody {
  readonly service: string
  readonly grade: string
  readonly http_status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly request?: string
  readonly body?: string
  readonly body_truncated?: string
}

export const recordedErrors = (): ErrorBody[] => lines('errors/error_bodies.ndjson')

/** A shortened answer of 2025: three lines of header, then JSON. */
export function trimmed(name: string): { path: string; body: string } {
  const [, path = '', , ...body] = recordedText(`coingecko-jkorf-2025-trimmed/${name}.txt`).split('\n')
  return { path, body: body.join('\n') }
}

export const trimmedNames = (): string[] =>
  readdirSync(join(folder, 'coingecko-jkorf-2025-trimmed')).map((name) => name.replace(/\.txt$/, ''))
