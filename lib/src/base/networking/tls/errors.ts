import { type ErrorCode, errorMessage } from '../../types/index.ts'

/** The cause of a failed TLS connection, and its remedy. */
export interface TlsFault {
  /** UNAUTHORIZED if the peer refuses our certificate, else UNAVAILABLE; neither is retryable. */
  readonly code: Extract<ErrorCode, 'UNAUTHORIZED' | 'UNAVAILABLE'>
  readonly why: string
  readonly remedy: string
}

/** By OpenSSL's and Node's codes. `at` is a placeholder for the path of the settings; `named` is a remedy by the setting `server_name`. */
const FAULTS: readonly { readonly codes: RegExp; readonly fault: TlsFault & { readonly named?: string } }[] = [
  {
    codes: /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
    fault: {
      code: 'UNAVAILABLE',
      why: 'its certificate is not valid at this time',
      remedy: 'renew the certificate of the server, or set the clock of this machine',
    },
  },
  {
    codes: /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    fault: {
      code: 'UNAVAILABLE',
      why: 'its certificate is for another name',
      remedy: 'reach it by a name that its certificate holds',
      named: 'or set at.server_name to one',
    },
  },
  {
    codes:
      /^(UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|CERT_REVOKED|INVALID_CA|CERT_REJECTED)/,
    fault: {
      code: 'UNAVAILABLE',
      why: 'its certificate was signed by nobody who is trusted here',
      remedy: 'set at.ca to the PEM file of the authority that signed it',
    },
  },
  {
    codes:
      /ALERT_(BAD_CERTIFICATE|CERTIFICATE_REQUIRED|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR|HANDSHAKE_FAILURE)/,
    fault: {
      code: 'UNAUTHORIZED',
      why: 'it refuses the certificate that we show, or asks for one',
      remedy: 'set at.cert and at.key to a certificate that its authority signed and that has not expired',
    },
  },
  {
    codes: /^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|BAD_RECORD_TYPE|HTTP_REQUEST|.*RECORD_LAYER.*))$/,
    fault: {
      code: 'UNAVAILABLE',
      why: 'it does not speak TLS on this port',
      remedy: 'correct the port, or set at.enabled to false',
    },
  },
  {
    codes: /^ERR_SSL_/,
    fault: { code: 'UNAVAILABLE', why: 'TLS failed', remedy: 'check at, and which versions of TLS the server speaks' },
  },
]

/**
 * The TLS fault in an error, if any.
 * @param at the path of the settings, such as `redpanda.tls`, for the remedy
 * @param options.serverName false where these settings have no `server_name`
 */
export function tlsFault(error: unknown, at: string, { serverName = true } = {}): TlsFault | undefined {
  for (const { code: own, message } of chain(error)) {
    // An alert that comes after the handshake is an EPROTO whose text alone names it.
    const alert =
      /alert (?:number|[a-z ]+)?.*?(certificate required|bad certificate|unknown ca|certificate unknown|certificate expired)/i.exec(
        message,
      )
    const name = alert ? `ALERT_${alert[1]?.toUpperCase().replaceAll(' ', '_')}` : own
    const found = FAULTS.find(({ codes }) => codes.test(name))
    if (found) {
      const { code, why, remedy, named } = found.fault
      const whole = named && serverName ? `${remedy}, ${named}` : remedy
      return { code, why: `${why} (${readable(message)})`, remedy: whole.replace(/\bat\b(?=[.,])/g, at) }
    }
  }
  return undefined
}

/** OpenSSL's reason without its file, line and number: `406D…:error:0A000412:SSL routines:ssl3_read_bytes:REASON:../deps/…`. */
const readable = (message: string): string =>
  (/:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? message).replace(/\s+/g, ' ').trim()

function* chain(error: unknown, depth = 0): Generator<{ code: string; message: string }> {
  if (!(error instanceof Error) || depth > 12) return
  const { code } = error as { code?: unknown }
  if (typeof code === 'string') yield { code, message: errorMessage(error) }
  for (const inner of error instanceof AggregateError ? error.errors : []) yield* chain(inner, depth + 1)
  yield* chain(error.cause, depth + 1)
}
