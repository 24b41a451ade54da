import { inject } from 'vitest'
import { ask } from './run/ask.ts'

export { type Kafka, type KafkaOptions, startKafka } from './run/broker.ts'

/** The one broker of the whole run, started when first asked for. Name topics uniquely; for a broker to kill there is startKafka. */
export const sharedKafka = async (): Promise<string> => ask(inject('control'), 'kafka')
