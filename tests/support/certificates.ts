import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const openssl = (...args: string[]) => promisify(execFile)('openssl', args)

/** Files in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  /** Key, certificate and authority in one, as Kafka wants a keystore. */
  readonly bundle: string
}

export interface Authority {
  /** Its certificate. */
  readonly ca: string
  issue(name: string, options?: { readonly expired?: boolean; readonly san?: string }): Promise<Certificate>
}

/** An authority of the test's own, good for a day. Its files lie in a folder below the given one. */
export async function makeAuthority(folder: string, name = 'authority'): Promise<Authority> {
  const home = join(folder, name)
  await mkdir(home, { recursive: true })
  const [ca, caKey] = [join(home, 'ca.pem'), join(home, 'ca.key')]
  await makeKey(caKey)
  await openssl('req', '-x509', '-new', '-key', caKey, '-subj', `/CN=${name}`, '-days', '1', '-out', ca)

  const issue: Authority['issue'] = async (subject, { expired = false, san = 'DNS:localhost' } = {}) => {
    const [cert, key] = [join(home, `${subject}.pem`), join(home, `${subject}.key`)]
    const [request, extensions, bundle] = [
      join(home, `${subject}.csr`),
      join(home, `${subject}.ext`),
      join(home, `${subject}.all`),
    ]
    await makeKey(key)
    await openssl('req', '-new', '-key', key, '-subj', `/CN=${subject}`, '-out', request)
    await writeFile(extensions, `subjectAltName=${san}\n`)
    const days = expired ? '-1' : '1'
    const sign = ['-req', '-in', request, '-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', days, '-extfile', extensions]
    await openssl('x509', ...sign, '-out', cert)
    await writeFile(bundle, (await Promise.all([key, cert, ca].map((file) => readFile(file)))).join(''))
    return { cert, key, bundle }
  }
  return { ca, issue }
}

async function makeKey(file: string): Promise<void> {
  await openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-out', file)
}
