export * from './deadLetter.ts'
export * from './deadLetters.ts'
