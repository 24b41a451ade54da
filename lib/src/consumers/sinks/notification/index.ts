import { MessageLedger, openAlerts } from '../../../base/alerts/index.ts'
import { defineSink, parseDuration, type RowSink } from '../../../base/types/index.ts'
import { openChannel } from './channels/open.ts'
import { Notifier } from './Notifier.ts'
import { parseQuiet, type QuietHours, quietUntil } from './quiet.ts'
import { notificationSettings } from './settings.ts'

/** A claimed message is due again after twice the channel's timeout and this: its process must have ended. */
const LEASE_MS = 5000

/** Messages to people about alerts: one when an alert is raised, one when it is over. */
export const notification = defineSink({
  name: 'notification',
  summary: 'Messages about alerts by Slack, Discord, Telegram, ntfy or e-mail; one when an alert is raised, one when it is over',
  config: notificationSettings,
  open: async (settings, { name, logger, store }): Promise<RowSink> => {
    await openAlerts(store.pool)
    const quiet = settings.quiet === undefined ? undefined : (parseQuiet(settings.quiet) as QuietHours)
    const micros = (text: string) => parseDuration(text) * 1000
    const { group_by, at_most, remind } = settings
    const ledger = new MessageLedger({
      pool: store.pool,
      destination: name,
      leaseMs: 2 * parseDuration(settings.timeout) + LEASE_MS,
      maxAge: micros(settings.max_age),
      policy: {
        atMost: at_most,
        groupBy: (alert) =>
          group_by === 'none'
            ? JSON.stringify([alert.raisedBy, alert.name, alert.coinId, alert.source, alert.currency])
            : group_by === 'rule'
              ? alert.name
              : alert.coinId,
        quietUntil: (now) => quiet && quietUntil(quiet, now),
        remind: remind === undefined ? undefined : micros(remind),
      },
    })
    return new Notifier({ name, ledger, channel: await openChannel(name, settings), least: settings.least, logger })
  },
})
