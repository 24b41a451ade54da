/** Loaded before a program (`node --import`): the package that HIDDEN_PACKAGE names is not installed. */
import Module, { registerHooks } from 'node:module'

const hidden = process.env.HIDDEN_PACKAGE
const missing = () => Object.assign(new Error(`Cannot find package '${hidden}'`), { code: 'ERR_MODULE_NOT_FOUND' })

registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === hidden) throw missing()
    return next(specifier, context)
  },
})
// Resolving alone asks no hooks.
const loader = Module as unknown as { _resolveFilename(request: string, ...rest: readonly unknown[]): string }
const resolveFilename = loader._resolveFilename.bind(Module)
loader._resolveFilename = (request, ...rest) => {
  if (request === hidden) throw missing()
  return resolveFilename(request, ...rest)
}
