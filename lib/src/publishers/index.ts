export { CryptoDataPublisher, type PublisherParts } from './CryptoDataPublisher.ts'
export type { PublisherOptions } from './options.ts'
export { sourceDefinitions } from './sources/index.gen.ts'
export { PUBLISHER_CHANNEL, type PublisherEvent } from './stats.ts'
