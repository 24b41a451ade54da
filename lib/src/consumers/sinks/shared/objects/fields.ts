import { z } from 'zod'

export const prefixField = z
  .string()
  .max(500)
  .regex(
    /^[\w.=@-]+(\/[\w.=@-]+)*$/,
    'write names of letters, digits, _ - . = and @ with slashes between them, and none at the beginning or the end',
  )
  .optional()
  .describe('prefix of all keys; two destinations in one bucket need two. Unset: the destination owns the whole bucket')

export const endpointField = z
  .string()
  .max(500)
  .refine((text) => {
    const url = URL.parse(text)
    return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === ''
  }, 'write an address that begins with http:// or https://, without a user, a password or a query')
  .optional()
