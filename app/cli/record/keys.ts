import { type SourceInstance, settingsOf } from '../../../lib/src/base/types/index.ts'

const CUT = '[key]'

/** Replaces each secret setting of a source in a text, as it is written, in a URL and in JSON. */
export function keyCutter({ type, settings }: SourceInstance): (text: string) => string {
  const forms = settingsOf(type.config)
    .filter(({ secret }) => secret)
    .map(({ path }) =>
      path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], settings),
    )
    .filter((value): value is string => typeof value === 'string' && value !== '')
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    // One secret may hold another.
    .toSorted((a, b) => b.length - a.length)
  return (text) => forms.reduce((clean, secret) => clean.replaceAll(secret, CUT), text)
}
