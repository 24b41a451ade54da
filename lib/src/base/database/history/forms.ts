import { csvCell, csvRow, type RecordType, type RecordValues } from '../../types/index.ts'

/** The output format of a record: its labels, quotes and literals. */
export interface LineForm {
  /** Text before the first field of a record. */
  readonly open: string
  /** Text after its last field. */
  readonly close: string
  /** Text before the value of a field. */
  label(name: string, first: boolean): string
  /** Quote around texts, decimals and times; empty for none. */
  readonly quote: '"' | ''
  /** Text before a list of figures, around each of them, and after the list. An empty list is `[]` in every form. */
  readonly list: { readonly open: string; readonly mark: string; readonly close: string }
  /** Text for a field without a value, label included; undefined: the field is left out. */
  absent(first: boolean): string | undefined
  /** A constant text, quoted if necessary. */
  text(value: string): string
  /** True if a byte of a text needs no escape or quotes. */
  isPlain(byte: number, atEdge: boolean): boolean
  readonly yes: string
  readonly no: string
  /** A whole record; the slow path. */
  record(type: RecordType, record: RecordValues): string
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const SPACE = 0x20
const LAST_ASCII = 0x7f

/** One JSON object a line, in wire naming. */
export const ndjsonLines: LineForm = {
  open: '{',
  close: '}\n',
  label: (name, first) => `${first ? '' : ','}"${name}":`,
  quote: '"',
  list: { open: '[', mark: '"', close: ']' },
  absent: () => undefined,
  text: (value) => JSON.stringify(value),
  isPlain: (byte) => byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH,
  yes: 'true',
  no: 'false',
  record: (type, record) => `${type.encode(record)}\n`,
}

/** Rows of RFC 4180, without the header. */
export const csvLines: LineForm = {
  open: '',
  close: '\r\n',
  label: (_name, first) => (first ? '' : ','),
  quote: '',
  list: { open: '"[', mark: '""', close: ']"' },
  absent: (first) => (first ? '' : ','),
  text: csvCell,
  // Readers trim white space at the ends of an unquoted cell; a byte beyond ASCII may belong to a white space character.
  isPlain: (byte, atEdge) =>
    byte >= SPACE && byte !== QUOTE && byte !== COMMA && byte !== BACKSLASH && !(atEdge && (byte === SPACE || byte > LAST_ASCII)),
  yes: 'true',
  no: 'false',
  record: csvRow,
}
