import { QiError } from '../../lib/src/base/types/index.ts'

/** Parses `name=value`. The value is parsed as JSON if it is JSON, else it is a text. @throws QiError BAD_REQUEST */
export function nameValue(text: string): [string, unknown] {
  const at = text.indexOf('=')
  if (at < 1)
    throw new QiError('BAD_REQUEST', `argument "${text}": write name=value, such as coins=bitcoin`, { field: 'arguments' })
  const value = text.slice(at + 1)
  try {
    return [text.slice(0, at), JSON.parse(value)]
  } catch {
    return [text.slice(0, at), value]
  }
}
