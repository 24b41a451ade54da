import { z } from 'zod'
import type { RecordType } from '../../base/types/index.ts'

/** The schema of a record in an answer, in wire form. */
export const recordSchema = ({ name }: Pick<RecordType, 'name'>) =>
  z.record(z.string(), z.unknown()).describe(`a record of the type ${name}, as the resource qicore://schema describes it`)
