import { z } from 'zod'
import { compactField } from '../shared/compaction.ts'
import { endpointField, prefixField } from '../shared/objects/fields.ts'
import { segmentFields } from '../shared/segments.ts'

export const gcsSettings = z.object({
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, 'write the name of a bucket: small letters, digits, -, _ and .')
    .describe('the bucket, which must exist'),
  prefix: prefixField,
  endpoint: endpointField.describe('address of the API; unset: https://storage.googleapis.com'),
  project: z
    .string()
    .regex(/^[a-z][a-z0-9.:-]{4,100}$/, 'write the id of a project')
    .optional()
    .describe('the project that pays for the requests to a "requester pays" bucket'),
  key_file: z
    .string()
    .min(1)
    .optional()
    .describe('the JSON key of a service account; unset: the default credentials of Google Cloud'),
  credentials: z.string().min(1).optional().describe('the text of such a file, instead of key_file').meta({ secret: true }),
  anonymous: z.boolean().default(false).describe('send no credentials, as to an emulator'),
  ...segmentFields,
  compact: compactField,
})
export type GcsSettings = z.output<typeof gcsSettings>
