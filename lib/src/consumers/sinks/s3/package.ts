export type S3Package = typeof import('@aws-sdk/client-s3')
