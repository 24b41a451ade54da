import { QiError, type RecordType } from '../../../base/types/index.ts'
import { splitCsv } from '../reading/csv.ts'
import { type CellParser, cellParser } from './cells.ts'
import type { FileIdentity } from './identity.ts'
import type { LineParser, Parsed } from './parser.ts'
import type { RowSettings } from './settings.ts'

/** Most lines of a row, and most characters: an unclosed quote must not swallow the file. */
const LONGEST_ROW = 100
const LONGEST_OPEN = 1024 * 1024

/** Parses CSV rows. Column names come from the header, or from the settings. */
export function csvParser(file: FileIdentity, name: string, type: RecordType, config: RowSettings): LineParser {
  const parserOf = (header: readonly string[]) => cellParser(file, name, type, config, header)
  const listed = listedColumns(name, config)
  let parse: CellParser | undefined = listed && parserOf(listed)
  let open: string | undefined
  let lines = 0
  const failIfTooLong = (row: string) => {
    if (lines <= LONGEST_ROW && row.length <= LONGEST_OPEN) return
    open = undefined
    throw new QiError(
      'BAD_DATA',
      lines > LONGEST_ROW
        ? `a quoted cell is open for more than ${LONGEST_ROW} lines`
        : `a quoted cell is open for more than ${LONGEST_OPEN} characters`,
    )
  }
  return {
    type,
    wantsHeader: () => parse === undefined,
    unfinished: () => open,
    parse(line, number): Parsed | undefined {
      if (line === '' && open === undefined) return undefined
      const row: string = open === undefined ? line : `${open}\n${line}`
      lines = open === undefined ? 1 : lines + 1
      const cells = splitCsv(row, config.delimiter)
      open = cells ? undefined : row
      if (!cells) {
        failIfTooLong(row)
        return undefined
      }
      if (parse) return parse(cells, number)
      parse = parserOf(cells)
      return undefined
    },
  }
}

/** The columns listed in the settings, for a file without a header. @throws QiError CONFIG_INVALID */
function listedColumns(file: string, { header, columns }: RowSettings): readonly string[] | undefined {
  const listed = Array.isArray(columns)
  if (header === !listed) return listed ? columns : undefined
  throw new QiError(
    'CONFIG_INVALID',
    header
      ? `${file}: columns is a list, which is for files without a header: set header: false (and skip_lines: 1 to skip a header)`
      : `${file}: header is false: columns must list all columns, such as [time, open, high, low, close, volume]`,
  )
}
