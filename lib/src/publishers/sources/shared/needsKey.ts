import { QiError, variableOf } from '../../../base/types/index.ts'

/** The error of a source that was given no key. @param name of its instance */
export const needsKey = (peer: string, name: string): QiError =>
  new QiError('CONFIG_INVALID', `${peer} needs a key: set ${variableOf(name, 'api_key')} or sources.${name}.api_key`, {
    field: `sources.${name}.api_key`,
  })
