/** Flags that every command knows, before or after its name. */
export interface GlobalFlags {
  readonly json?: boolean
  readonly home?: string
  readonly debug?: boolean
}
