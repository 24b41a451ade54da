import { OfficialCoinGeckoMCPLauncher } from './coingecko/OfficialCoinGeckoMCPLauncher.ts'
import type { MCPServerManager } from './manager/MCPServerManager.ts'
import { OfficialPostgresMCPLauncher } from './postgres/OfficialPostgresMCPLauncher.ts'
import { OfficialRedpandaMCPLauncher } from './redpanda/OfficialRedpandaMCPLauncher.ts'
import type { LauncherContext, LauncherDefinition } from './shared/launcher.ts'

/**
 * Launches an official server and starts it under its own name.
 * @returns stops the server, then ends what its launcher holds
 * @throws QiError CONFIG_INVALID with the remedy where a precondition does not hold; why the server is not ready. Nothing is left running.
 */
async function startOfficial(
  launcher: LauncherDefinition,
  manager: MCPServerManager,
  context: LauncherContext,
): Promise<() => Promise<void>> {
  const { name } = launcher
  const launched = await launcher.launch(context)
  try {
    await manager.start(name, launched.spec, launched.supervision)
  } catch (error) {
    if (manager.health().some((server) => server.name === name)) await manager.stop(name)
    await launched.close?.()
    throw error
  }
  return async () => {
    await manager.stop(name)
    await launched.close?.()
  }
}

/** Starts Redpanda Connect's server as `redpanda`: {@link startOfficial}. */
export const startRedpandaMCP = (manager: MCPServerManager, context: LauncherContext) =>
  startOfficial(OfficialRedpandaMCPLauncher, manager, context)

/** Starts the PostgreSQL server as `postgres`: {@link startOfficial}. */
export const startPostgresMCP = (manager: MCPServerManager, context: LauncherContext) =>
  startOfficial(OfficialPostgresMCPLauncher, manager, context)

/** Starts CoinGecko's server as `coingecko`: {@link startOfficial}. */
export const startCoinGeckoMCP = (manager: MCPServerManager, context: LauncherContext) =>
  startOfficial(OfficialCoinGeckoMCPLauncher, manager, context)
