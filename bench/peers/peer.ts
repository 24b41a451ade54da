/** A program that moves a topic of Kafka into a table, beside which the consumer is measured. */
export interface Peer extends AsyncDisposable {
  /** Its name and version, as a heading shows them. */
  readonly name: string
  /** Reads the whole topic from its beginning into the table, over as many connections as the consumer has. */
  start(topic: string): Promise<PeerRun>
}

export interface PeerRun {
  /** Rejects with what ended it. */
  readonly failed: Promise<never>
  /** Ends it, and returns when it touches neither topic nor table any more. */
  stop(): Promise<void>
}
