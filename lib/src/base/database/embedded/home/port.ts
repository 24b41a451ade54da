import { createServer } from 'node:net'
import type { HomeState } from './placement.ts'

/** Ports tried from the wanted one on, before any free port is taken. */
const LOOKED_AT = 100

/**
 * The port for a server that starts: the remembered one, else the wanted one or the next free one after it, else any free one. A port
 * that was remembered for another setting is ignored.
 * @param wanted undefined: the remembered port, else any; 0: any
 * @param tried ports on which a start has failed
 */
export async function choosePort(
  { port, wanted: wantedBefore }: Pick<HomeState, 'port' | 'wanted'>,
  wanted: number | undefined,
  tried: ReadonlySet<number>,
): Promise<number> {
  const remembered = wanted === undefined || wanted === wantedBefore ? port : undefined
  const following = wanted ? Array.from({ length: LOOKED_AT }, (_, i) => wanted + i).filter((each) => each < 65_536) : []
  for (const each of [...(remembered === undefined ? [] : [remembered]), ...following])
    if (!tried.has(each) && (await tryPort(each)) === each) return each
  return (await tryPort(0)) ?? 0
}

/**
 * The state of a home once its server runs. The first port stays remembered while another program holds it, so that saved addresses
 * work again afterwards.
 */
export function remember(state: HomeState, port: number, wanted: number | undefined): HomeState {
  const setting = wanted ?? state.wanted
  const keeps = state.port !== undefined && setting === state.wanted && setting !== undefined
  return { ...state, port: keeps ? state.port : port, ...(setting !== undefined && { wanted: setting }) }
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined))
    })
  })
}
