/**
 * Functions that SQL from outside may call, by name. A function belongs here if it only computes from its arguments or reads rows and
 * catalogs that the reader may read anyway. Excluded are functions that wait, lock, notify, change the session, end other sessions,
 * access files, sequences or large objects, or run SQL given as text (`query_to_xml`, `ts_stat`).
 */
const LISTED = `
aggregates: any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every json_agg
  json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict jsonb_agg
  jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict max min mode
  percentile_cont percentile_disc range_agg range_intersect_agg regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope
  regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance

window: cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number

math: abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh bit_count cbrt ceil ceiling cos cosd cosh cot cotd
  degrees div erf erfc exp factorial floor gamma gcd greatest least lcm lgamma ln log log10 min_scale mod pi pow power radians
  random random_normal round scale sign sin sind sinh sqrt tan tand tanh trim_scale trunc width_bucket

text: ascii bit_length btrim casefold char_length character_length chr concat concat_ws convert_from convert_to crc32 crc32c
  decode encode format initcap is_normalized left length like_escape lower lpad ltrim md5 normalize octet_length overlay
  parse_ident position quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match regexp_matches
  regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim sha224 sha256
  sha384 sha512 similar_escape similar_to_escape split_part starts_with string_to_array string_to_table strpos substr substring
  to_ascii to_bin to_char to_hex to_number to_oct translate unicode_assigned unistr upper
  get_bit get_byte set_bit set_byte

time: age clock_timestamp date_add date_bin date_part date_subtract date_trunc extract isfinite justify_days justify_hours
  justify_interval localtime localtimestamp make_date make_interval make_time make_timestamp make_timestamptz now overlaps
  statement_timestamp timeofday timezone to_date to_timestamp transaction_timestamp uuid_extract_timestamp uuid_extract_version

json: array_to_json json_array_element json_array_element_text json_array_elements json_array_elements_text json_array_length
  json_build_array json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object
  json_object_field json_object_field_text json_object_keys json_populate_record json_populate_recordset json_strip_nulls
  json_to_record json_to_recordset json_typeof jsonb_array_element jsonb_array_element_text jsonb_array_elements
  jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_concat jsonb_contained jsonb_contains
  jsonb_delete jsonb_delete_path jsonb_each jsonb_each_text jsonb_exists jsonb_exists_all jsonb_exists_any jsonb_extract_path
  jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_field jsonb_object_field_text jsonb_object_keys
  jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array
  jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record
  jsonb_populate_record_valid jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record
  jsonb_to_recordset jsonb_typeof row_to_json to_json to_jsonb

arrays and rows: array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions
  array_prepend array_remove array_replace array_reverse array_sample array_shuffle array_sort array_to_string array_upper
  cardinality generate_series generate_subscripts num_nonnulls num_nulls trim_array unnest

ranges: daterange datemultirange int4multirange int4range int8multirange int8range isempty lower_inc lower_inf multirange
  nummultirange numrange range_merge tsmultirange tsrange tstzmultirange tstzrange upper_inc upper_inf

casts written as calls: bit bool bpchar date float4 float8 int2 int4 int8 interval name numeric oid text time timestamp timestamptz
  timetz varchar

identifiers: gen_random_uuid uuidv4 uuidv7

the server: current_catalog current_database current_role current_schema current_user pg_input_is_valid pg_typeof session_user
  user version

the catalog: col_description format_type obj_description pg_column_size pg_get_constraintdef pg_get_expr pg_get_indexdef
  pg_get_viewdef pg_table_is_visible has_column_privilege has_schema_privilege has_table_privilege to_regclass to_regtype

TimescaleDB: approximate_row_count first histogram interpolate last locf time_bucket time_bucket_gapfill
`

const names = (text: string): readonly string[] =>
  text
    .replace(/^[\w ]+:/gm, '')
    .split(/\s+/)
    .filter((name) => name !== '')

export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(names(LISTED))
