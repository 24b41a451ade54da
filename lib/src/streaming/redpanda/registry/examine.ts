import { type CheckResult, countOf, type RecordType, toQiError } from '../../../base/types/index.ts'
import { incompatible } from './incompatible.ts'
import { DEFAULT_LEVEL, recordSchemas, subjectOf } from './recordSchema.ts'
import type { Subjects } from './Subjects.ts'

/** Asks which of the topics the registry has, and if our schemas may follow its versions. Changes nothing. Never throws. */
export async function examine(
  subjects: Subjects,
  types: ReadonlyMap<string, RecordType>,
  signal?: AbortSignal,
): Promise<CheckResult> {
  try {
    const names = await subjects.names(signal)
    const ours = [...types].filter(([topic]) => names.includes(subjectOf(topic)))
    const found = await Promise.all(ours.map(([topic, type]) => compare(subjects, topic, type, signal)))
    const held = `${subjects.place} holds ${countOf(names.length, 'subject')}, ${found.length} of ours`
    const levels = [...Map.groupBy(found, ({ level }) => level)]
    const listed = levels.map(([level, of]) => ` (${level}: ${of.map(({ topic }) => topic).join(', ')})`)
    return {
      ok: true,
      summary: held + listed.join(''),
      details: { subjects: names.length, ...Object.fromEntries(found.map(({ topic, level }) => [subjectOf(topic), level])) },
    }
  } catch (thrown) {
    const error = toQiError(thrown)
    const cut = error.message.lastIndexOf('; ')
    if (cut < 0) return { ok: false, summary: error.message, error }
    return { ok: false, summary: error.message.slice(0, cut), remedy: error.message.slice(cut + 2), error }
  }
}

async function compare(
  subjects: Subjects,
  topic: string,
  type: RecordType,
  signal: AbortSignal | undefined,
): Promise<{ topic: string; level: string }> {
  const subject = subjectOf(topic)
  const level = await subjects.compatibility(subject, signal)
  const [ours, other] = recordSchemas(type, level ?? DEFAULT_LEVEL)
  const known = (await subjects.find(subject, ours)) ?? (await subjects.find(subject, other))
  if (known === undefined && !(await subjects.accepts(subject, ours, signal))) {
    const latest = await subjects.latest(subject, signal)
    throw incompatible({ subject, ours, latest, level: level ?? DEFAULT_LEVEL, place: subjects.place })
  }
  return { topic, level: level ?? 'no compatibility of its own' }
}
