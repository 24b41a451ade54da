import { QiError } from '../base/types/index.ts'
import { OfficialCoinGeckoMCPLauncher } from './coingecko/OfficialCoinGeckoMCPLauncher.ts'
import { DockerMCPGatewayLauncher } from './docker/DockerMCPGatewayLauncher.ts'
import { ArchivedPostgresMCPLauncher, OfficialPostgresMCPLauncher } from './postgres/OfficialPostgresMCPLauncher.ts'
import { OfficialRedpandaMCPLauncher } from './redpanda/OfficialRedpandaMCPLauncher.ts'
import type { LauncherDefinition } from './shared/launcher.ts'

/** The official servers that can be started by name. */
export const launchers: readonly LauncherDefinition[] = [
  OfficialCoinGeckoMCPLauncher,
  OfficialPostgresMCPLauncher,
  ArchivedPostgresMCPLauncher,
  OfficialRedpandaMCPLauncher,
  DockerMCPGatewayLauncher,
]

/** @throws QiError NOT_FOUND */
export function launcherNamed(name: string): LauncherDefinition {
  const found = launchers.find((launcher) => launcher.name === name)
  if (found) return found
  const known = launchers.map((launcher) => launcher.name).join(', ')
  throw new QiError('NOT_FOUND', `server: there is no MCP server "${name}" to launch; there are ${known}`, { field: 'server' })
}
