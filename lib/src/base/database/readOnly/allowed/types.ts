/**
 * Types that a cast or a column definition may name, as the parser writes them. Others are refused, because their input function or
 * the check of a domain could be code of the database's owner.
 */
export const ALLOWED_TYPES: ReadonlySet<string> = new Set(
  `bit bool boolean bpchar bytea char cidr date datemultirange daterange float4 float8 inet int2 int4 int4multirange int4range int8
  int8multirange int8range interval json jsonb jsonpath name nummultirange numrange numeric oid record regclass regnamespace regproc
  regprocedure regrole regtype text time timestamp timestamptz timetz tsmultirange tsrange tstzmultirange tstzrange uuid varbit
  varchar`.split(/\s+/),
)
