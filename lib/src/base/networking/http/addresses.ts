import { BlockList, isIP, isIPv4 } from 'node:net'
import { QiError } from '../../types/index.ts'

/**
 * Allowed addresses: any, those of the public internet, also the listed ones (an address or a CIDR block), or only the listed ones.
 */
export type Addresses = 'any' | 'public' | { readonly allow: readonly string[] } | { readonly only: readonly string[] }

/** IANA's special-purpose registry, and addresses at which clouds serve credentials. */
const NOT_PUBLIC_V4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8',
  '100.64.0.0/10', // shared by carriers
  '127.0.0.0/8',
  '168.63.129.16/32', // Azure's metadata
  '169.254.0.0/16', // link-local, with the metadata of most clouds
  '172.16.0.0/12',
  '192.0.0.0/24', // protocols
  '192.0.2.0/24',
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16',
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4', // multicast
  '240.0.0.0/4',
]

/** Parts of 2000::/3, the routed IPv6 space, that are not routed or contain an IPv4 address. */
const NOT_PUBLIC_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

const blocks = (list: readonly string[]): BlockList => {
  const made = new BlockList()
  for (const entry of list) addBlock(made, entry)
  return made
}

function addBlock(list: BlockList, entry: string): void {
  const [address = '', prefix] = entry.split('/')
  const family = isIP(address)
  const bits = family === 4 ? 32 : 128
  const length = prefix === undefined ? bits : Number(prefix)
  if (family === 0 || prefix === '' || !Number.isInteger(length) || length < 0 || length > bits)
    throw new QiError('CONFIG_INVALID', `"${entry}" is neither an IP address nor a block such as 10.0.0.0/8`)
  list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6')
}

const notPublic4 = blocks(NOT_PUBLIC_V4)
const notPublic6 = blocks(NOT_PUBLIC_V6)
const routed6 = blocks(['2000::/3'])
/** IPv4 inside IPv6: mapped addresses, and the NAT64 prefix. */
const carriers = blocks(['::ffff:0:0/96', '64:ff9b::/96'])

/** True if an IP address belongs to the public internet. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  const family = isIP(bare)
  if (family === 4) return !notPublic4.check(bare, 'ipv4')
  if (family !== 6) return false
  if (carriers.check(bare, 'ipv6')) return isPublicAddress(lastFour(bare))
  return routed6.check(bare, 'ipv6') && !notPublic6.check(bare, 'ipv6')
}

/** The last 32 bits of an IPv6 address, as IPv4. */
function lastFour(address: string): string {
  const dotted = address.slice(address.lastIndexOf(':') + 1)
  if (isIPv4(dotted)) return dotted
  const [high = 0, low = 0] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .split(':')
    .slice(-2)
    .map((group) => Number.parseInt(group || '0', 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/**
 * The check that an address must pass before a connection.
 * @throws QiError CONFIG_INVALID for an entry of a list that is neither an address nor a block
 */
export function addressTest(addresses: Addresses): (address: string) => boolean {
  if (addresses === 'any') return () => true
  if (addresses === 'public') return isPublicAddress
  const listed = blocks('only' in addresses ? addresses.only : addresses.allow)
  const others = 'only' in addresses ? () => false : isPublicAddress
  return (address) => {
    const bare = address.replace(/%.*$/, '')
    return others(bare) || listed.check(bare, isIPv4(bare) ? 'ipv4' : 'ipv6')
  }
}
