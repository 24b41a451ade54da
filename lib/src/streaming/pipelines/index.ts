export * from './consumer.ts'
export * from './deadLetter.ts'
export { deadLetterJson, parseDeadLetters } from './deadLetterFile.ts'
export * from './deadLetters.ts'
