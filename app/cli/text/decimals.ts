/** Pads figures so that their decimal points align; all digits stay. */
export function alignPoints(figures: readonly (string | undefined)[]): string[] {
  const longest = Math.max(0, ...figures.map((figure) => tail(figure).length))
  return figures.map((figure) => (figure === undefined ? '' : figure + ' '.repeat(longest - tail(figure).length)))
}

const tail = (figure = ''): string => {
  const point = figure.indexOf('.')
  return point < 0 ? '' : figure.slice(point)
}
