import { inject } from 'vitest'
import { ask } from './run/ask.ts'

export { type Registry, startRegistry } from './run/registryServer.ts'

/** The one schema registry of the whole run. Name topics uniquely; for a registry to kill there is startRegistry. */
export const sharedRegistry = async (): Promise<string> => ask(inject('control'), 'registry')
