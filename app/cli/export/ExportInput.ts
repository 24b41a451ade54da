/** Flags and arguments of `qicore export`. */
export interface ExportInput {
  readonly kind: string
  readonly coins: readonly string[]
  readonly output?: string
  readonly format?: string
  readonly from?: string
  readonly to?: string
  readonly source?: readonly string[]
  readonly currency?: readonly string[]
  readonly timeframe?: readonly string[]
  readonly name?: readonly string[]
  readonly params?: readonly string[]
  readonly simulated?: boolean
  readonly order?: string
  readonly partition?: string
  readonly overwrite?: boolean
}
