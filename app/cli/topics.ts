import { QiError, type RecordType, recordTypes, suggest } from '../../lib/src/base/index.ts'

const all: readonly RecordType[] = Object.values(recordTypes) as readonly RecordType[]

/** `price`, `prices` and `crypto-prices` mean the same. */
const namesOf = ({ name, topic }: RecordType): string[] => [name, topic.replace(/^crypto-/, ''), topic]

/**
 * Record types by their name or topic; all of them where none is named.
 * @throws QiError BAD_REQUEST with what may have been meant
 */
export function recordTypesOf(names: readonly string[]): readonly RecordType[] {
  if (names.length === 0) return all
  return names.map((name) => {
    const type = all.find((known) => namesOf(known).includes(name))
    if (!type) throw new QiError('BAD_REQUEST', `there is no record type or topic ${name}${suggest(name, all.flatMap(namesOf))}`)
    return type
  })
}
