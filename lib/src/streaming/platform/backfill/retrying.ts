import { type QiError, systemCode } from '../../../base/index.ts'

/** Not one request, but the way to the provider fails. */
const NO_NETWORK = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'ENETDOWN', 'EHOSTUNREACH'])

/** When something below means to try again itself; the wait that is told here is the longer one. */
const AGAIN = /[;:,] (?:it is )?(?:tried again in [\d.]+ s|being tried again)/g

/** Why a window was not to be had, and when it is asked for again: once. */
export function retrying(error: QiError, waitMs: number): string {
  const told = error.message.replace(AGAIN, '')
  const when = `tried again in ${Math.ceil(waitMs / 1000)} s`
  const code = systemCode(error)
  return code && NO_NETWORK.has(code)
    ? `no network: nothing will come until the provider can be reached (${told}); ${when}, Ctrl-C stops`
    : `${told}; ${when}`
}
