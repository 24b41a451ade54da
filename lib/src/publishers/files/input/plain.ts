import { QiError } from '../../../base/types/index.ts'
import { labelOf, type Member } from './members.ts'

/** Refuses a member whose format is read at any place, which an archive does not allow. @throws QiError UNSUPPORTED */
export function requirePlain(member: Member): void {
  if (member.inside === '' && !/\.gz$/i.test(member.file.name)) return
  throw new QiError('UNSUPPORTED', `${labelOf(member)}: a Parquet file within an archive cannot be read: unpack it`)
}
