import type { ErrorCode } from '../../types/index.ts'

/** The remedy of an error reported by a PostgreSQL server, for errors whose text and SQLSTATE leave no doubt. */
export interface Advice {
  readonly remedy: string
  /** Replaces the code that follows from the SQLSTATE. */
  readonly code?: ErrorCode
}

const ADVICE: readonly { readonly state: RegExp; readonly says: RegExp; readonly advice: Advice }[] = [
  {
    state: /^28/,
    says: /pg_hba\.conf.*(no encryption|SSL off)/,
    advice: {
      code: 'CONFIG_INVALID',
      remedy: 'set DATABASE_TLS=true, or let this host in without TLS by a line of its pg_hba.conf',
    },
  },
  {
    state: /^28/,
    says: /pg_hba\.conf/,
    advice: { code: 'FORBIDDEN', remedy: 'let this host in by a line of pg_hba.conf on that server' },
  },
  {
    state: /^28/,
    says: /is not permitted to log in/,
    advice: { code: 'FORBIDDEN', remedy: 'alter role … login, or name another role in the URL' },
  },
  {
    state: /^28/,
    says: /client certificate/,
    advice: { remedy: 'set database.tls.cert and database.tls.key' },
  },
  {
    state: /^42501$/,
    says: /permission denied for database/,
    advice: { remedy: 'grant connect on that database to the role' },
  },
  {
    state: /^53300$/,
    says: /./,
    advice: { remedy: 'close other clients of that server, or raise its limit of connections, or the one of the role' },
  },
  {
    state: /^53200$/,
    says: /out of shared memory/,
    advice: {
      remedy:
        'raise max_locks_per_transaction on that server (512 serves some hundred chunks a table), and restart it; or keep less: store.retention',
    },
  },
  {
    state: /./,
    says: /could not access file "\$libdir\/timescaledb/,
    advice: { remedy: 'the library of this version is gone: alter extension timescaledb update, or put back the old image' },
  },
  {
    state: /./,
    says: /could not access file "\$libdir\//,
    advice: { remedy: 'the library of an extension is gone: install it again on that server, or put back the old image' },
  },
  {
    state: /./,
    says: /"timescaledb" must be preloaded/,
    advice: { remedy: "set shared_preload_libraries = 'timescaledb' on that server, and restart it" },
  },
]

export const adviceFor = (state: string, message: string): Advice | undefined =>
  ADVICE.find((each) => each.state.test(state) && each.says.test(message))?.advice
