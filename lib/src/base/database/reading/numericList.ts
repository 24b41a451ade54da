import { type Decimal, decimal, QiError } from '../../types/index.ts'

/** Parses a list of figures as the server writes it: `{1.5,2}`. @throws QiError BAD_DATA for an element that is no decimal, such as NULL */
export function readDecimals(text: string): readonly Decimal[] {
  if (!text.startsWith('{') || !text.endsWith('}'))
    throw new QiError('BAD_DATA', `"${text.slice(0, 60)}" is not a list of figures`)
  return text === '{}' ? [] : text.slice(1, -1).split(',').map(decimal)
}
