import metadata from 'qicore/package.json' with { type: 'json' }

export const { version } = metadata
