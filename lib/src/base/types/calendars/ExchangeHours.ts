/** The trading hours of an exchange as the generated tables have them: what is usual, and the days that differ. Times are local. */
export interface ExchangeHours {
  /** The ISO 10383 code of the exchange. */
  readonly name: string
  readonly timezone: string
  /** The first and the last day whose hours are known, such as 2027-12-31. */
  readonly first: string
  readonly last: string
  /** The hours of Monday to Friday from a day on, such as `0900-1130,1230-1530`. */
  readonly usual: Readonly<Record<string, string>>
  /** Closed weekdays by year, each as month and day. */
  readonly closed: Readonly<Record<number, string>>
  /** Days with other hours, by these hours and the year: early closes, late opens. */
  readonly special: Readonly<Record<string, Readonly<Record<number, string>>>>
}
