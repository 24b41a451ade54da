import { chmod, chown, copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { serviceUser } from '../../../lib/src/base/database/embedded/server/serviceUser.ts'
import { makeAuthority } from '../certificates.ts'
import { type Cluster, startCluster } from './cluster.ts'

/** A server that takes encrypted connections alone, with a certificate of an authority that no system knows. */
export async function startTlsServer(folder: string): Promise<Cluster> {
  await mkdir(folder, { mode: 0o755 })
  const authority = await makeAuthority(folder)
  const { cert, key } = await authority.issue('server')
  const user = await serviceUser(undefined)
  const own = async (from: string, name: string) => {
    const file = join(folder, name)
    await copyFile(from, file)
    await chmod(file, 0o600)
    if (user) await chown(file, user.uid, user.gid)
    return file
  }
  const cluster = await startCluster(join(folder, 'cluster'), undefined, {
    settings: { ssl: 'on', ssl_cert_file: await own(cert, 'server.pem'), ssl_key_file: await own(key, 'server.key') },
    access: ['hostssl all all all scram-sha-256'],
  })
  const url = Object.assign(new URL(cluster.url), { hostname: 'localhost' })
  url.searchParams.set('sslmode', 'verify-full')
  url.searchParams.set('sslrootcert', authority.ca)
  return { ...cluster, url: url.href }
}
