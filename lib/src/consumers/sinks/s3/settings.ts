import { z } from 'zod'
import { compactField } from '../shared/compaction.ts'
import { endpointField, prefixField } from '../shared/objects/fields.ts'
import { segmentFields } from '../shared/segments.ts'

export const s3Settings = z.object({
  bucket: z
    .string()
    .regex(
      /^(arn:aws[a-z-]*:s3[\w:/-]{1,200}|[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$/,
      'write the name of a bucket: small letters, digits, - and .',
    )
    .describe('the bucket, which must exist'),
  prefix: prefixField,
  endpoint: endpointField.describe('address of another S3 service, such as http://127.0.0.1:9000; unset: Amazon'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'write the name of a region, such as eu-central-1')
    .optional()
    .describe('unset: from AWS_REGION or the profile; us-east-1 with an endpoint'),
  path_style: z
    .boolean()
    .optional()
    .describe('puts the bucket into the path of addresses instead of the host name; unset: true with an endpoint'),
  access_key_id: z.string().min(1).optional().describe('with secret_access_key; unset: the chain of the AWS SDK'),
  secret_access_key: z.string().min(1).optional().describe('belongs to access_key_id').meta({ secret: true }),
  session_token: z.string().min(1).optional().describe('session token of temporary keys').meta({ secret: true }),
  profile: z.string().min(1).optional().describe('profile of the files in ~/.aws, instead of keys'),
  storage_class: z
    .enum(['STANDARD', 'STANDARD_IA', 'INTELLIGENT_TIERING', 'ONEZONE_IA', 'GLACIER_IR'])
    .optional()
    .describe("storage class of the objects; unset: the bucket's"),
  encryption: z.enum(['AES256', 'aws:kms']).optional().describe("encryption on the server; unset: the bucket's"),
  kms_key_id: z.string().min(1).optional().describe("the key of aws:kms; unset: the account's"),
  ...segmentFields,
  compact: compactField,
})
export type S3Settings = z.output<typeof s3Settings>
