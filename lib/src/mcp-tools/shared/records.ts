import { z } from 'zod'
import type { RecordType } from '../../base/index.ts'

/** A record as it stands in an answer: the fields that go over the wire. */
export const recordSchema = ({ name }: Pick<RecordType, 'name'>) =>
  z.record(z.string(), z.unknown()).describe(`a record of the type ${name}, as the resource qicore://schema describes it`)
