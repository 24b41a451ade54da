/** A count with its noun, and with whatever else depends on the number: `1 record`, `0 records`; `1 alert is active`, `2 alerts are active`. */
export const countOf = (count: number | bigint, one: string, many = `${one}s`): string =>
  `${count} ${Number(count) === 1 ? one : many}`
