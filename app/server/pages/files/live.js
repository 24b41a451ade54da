/** Longest wait before the next attempt, in milliseconds. */
const LONGEST_WAIT_MS = 3_000
/** Longest time of one attempt, in milliseconds. */
const ATTEMPT_MS = 5_000
/** After a disconnection longer than this a new snapshot replaces the missed records, in milliseconds. */
const LONG_AWAY_MS = 60_000

/**
 * Follows a channel: the latest rows first, then each new record. After a disconnection it resumes after the last message, or with the latest
 * rows again if the disconnection was long.
 * @param parts.address of the WebSocket
 * @param parts.subscription such as { channel: 'prices' }
 * @param parts.receive called with the rows of each message
 * @param parts.changed called with each new state of the connection: `live`; or `away` with since when, why, and the time of the next attempt
 * @param parts.page source of the events `online` and `visibilitychange`, at which it connects at once
 */
export function follow({ address, subscription, receive, changed, page = globalThis }) {
  const targets = page.document ? [page, page.document] : [page]
  let socket
  let resume
  let waitMs = 0
  let awaySince = Date.now()
  let timer
  let ended = false

  const subscribe = () => {
    const rest = resume === undefined ? { snapshot: true } : { from: resume }
    socket.send(JSON.stringify({ type: 'subscribe', batch: true, ...subscription, ...rest }))
  }
  const anew = () => {
    resume = undefined
    subscribe()
  }

  function connect() {
    clearTimeout(timer)
    if (resume !== undefined && awaySince !== undefined && Date.now() - awaySince > LONG_AWAY_MS) resume = undefined
    const own = new WebSocket(address)
    let why = ''
    socket = own
    timer = setTimeout(() => own.close(), ATTEMPT_MS)
    own.addEventListener('open', subscribe)
    own.addEventListener('message', ({ data }) => {
      const message = JSON.parse(data)
      if (message.type === 'subscribed') {
        clearTimeout(timer)
        waitMs = 0
        awaySince = undefined
        changed({ state: 'live' })
      } else if (message.type === 'snapshot' || message.type === 'records') receive(message.data)
      else if (message.type === 'interrupted') changed({ state: 'interrupted', why: message.message })
      else if (message.type === 'resumed') changed({ state: 'live' })
      // A new snapshot has the latest rows, so the missed records are not needed.
      else if (message.type === 'dropped' || message.type === 'gone') return anew()
      else if (message.type === 'error') {
        if (message.error.field === 'from') return anew()
        why = message.error.message
        own.close()
      }
      if (message.resume !== undefined) resume = message.resume
    })
    own.addEventListener('close', ({ reason }) => {
      if (own !== socket || ended) return
      clearTimeout(timer)
      awaySince ??= Date.now()
      socket = undefined
      changed({ state: 'away', since: awaySince, why: why || reason, nextAt: Date.now() + waitMs })
      timer = setTimeout(connect, waitMs)
      waitMs = Math.min(Math.max(2 * waitMs, 250), LONGEST_WAIT_MS)
    })
  }

  /** Connects now instead of waiting for the next attempt. */
  const now = () => {
    if (socket === undefined && !ended && page.document?.visibilityState !== 'hidden') connect()
  }
  for (const target of targets) for (const event of ['online', 'visibilitychange']) target.addEventListener(event, now)
  connect()
  return {
    now,
    end() {
      ended = true
      clearTimeout(timer)
      socket?.close()
      for (const target of targets) for (const event of ['online', 'visibilitychange']) target.removeEventListener(event, now)
    },
  }
}
