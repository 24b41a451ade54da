/** This many single records refused in a row suggest a wrong receiver or setting, such as one that answers 400 to the signature. */
const MOST_IN_A_ROW = 10

/**
 * Distinguishes bad records from a receiver that refuses everything.
 *
 * | state | entered | left |
 * |---|---|---|
 * | `counting` | at the start; a record was accepted | {@link MOST_IN_A_ROW} records in a row were refused: `too many` |
 * | `too many` | the record that completes the row: {@link count} is false, and the write fails so that the delivery parks | {@link parked}; a record was accepted: `counting` |
 * | `parked` | {@link parked} | the next write, which means that somebody has resumed the delivery: `confirmed` |
 * | `confirmed` | {@link begin} after a park: refused records are bad | a record was accepted: `counting` |
 */
export class Refusals {
  #row = 0
  #state: 'counting' | 'too many' | 'parked' | 'confirmed' = 'counting'

  /** Called when a write begins. */
  begin(): void {
    if (this.#state === 'parked') this.#state = 'confirmed'
  }

  /** Called when records were accepted. */
  accepted(): void {
    this.#row = 0
    this.#state = 'counting'
  }

  /** Counts a refused record. @returns false where too many were refused in a row: fail the write instead */
  count(): boolean {
    if (this.#state === 'confirmed') return true
    this.#row++
    if (this.#state === 'counting' && this.#row >= MOST_IN_A_ROW) this.#state = 'too many'
    return this.#state === 'counting'
  }

  /** Called when the write has failed because of the refusals. */
  parked(): void {
    if (this.#state === 'too many') this.#state = 'parked'
  }

  get message(): string {
    return `${MOST_IN_A_ROW} records in a row were refused: if the receiver or the settings are wrong, correct them and resume; if the records are wrong, resume, and they become dead letters`
  }
}
