type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void

/** The part of a pino logger that the library uses; pass your own. */
export interface Logger {
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
  child(fields: Readonly<Record<string, unknown>>): Logger
}

const nothing: LogMethod = () => {}
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silentLogger }
