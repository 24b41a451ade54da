/** Bounds of one declaration. They are far above what a person writes, and keep a hostile text from costing time or memory. */
export const LIMITS = {
  /** UTF-8 bytes of the text. */
  bytes: 256 * 1024,
  /** Lexical tokens; the parser's time grows with them. */
  tokens: 30_000,
  /** Lists and maps within one another. */
  depth: 20,
  /** Values, keys included. */
  nodes: 5_000,
  /** Entries of `to`. */
  outputs: 50,
  /** Entries of `from.topics`. */
  topics: 100,
  /** Characters of `description`. */
  description: 1_000,
  /** Problems that are told of at once. */
  problems: 50,
} as const
