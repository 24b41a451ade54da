/** Bounds of one declaration. They are far above ordinary use, and keep a hostile text from taking time or memory. */
export const LIMITS = {
  /** UTF-8 bytes of the text. */
  bytes: 256 * 1024,
  /** Lexical tokens; the parser's time grows with them. */
  tokens: 30_000,
  /** Levels of nested lists and maps. */
  depth: 20,
  /** Values, keys included. */
  nodes: 5_000,
  /** Entries of `to`. */
  outputs: 50,
  /** Entries of `from.topics`. */
  topics: 100,
  /** Characters of `description`. */
  description: 1_000,
  /** Problems reported at once. */
  problems: 50,
} as const
