import type { ReadStore } from '../../../lib/src/base/database/index.ts'
import type { ExportJob } from '../../../lib/src/base/segments/index.ts'
import { parseTime } from '../../../lib/src/base/types/index.ts'
import type { Session } from '../session.ts'
import type { ExportScreen } from './ExportScreen.ts'
import type { ExportKind } from './kinds.ts'

export interface ExportContext {
  readonly session: Session
  readonly store: ReadStore
  readonly kind: ExportKind
  readonly job: ExportJob
  readonly screen: ExportScreen
  readonly overwrite: boolean
}

/** The times with which an export began, so that `-30d` means the same after an interruption. */
export const rangeOf = (meant: ExportJob['meant']) => ({ from: parseTime(String(meant.from)), to: parseTime(String(meant.to)) })
