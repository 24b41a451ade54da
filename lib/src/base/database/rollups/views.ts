import { FIGURE_COLUMNS } from './figures.ts'
import { type Level, viewOf } from './levels.ts'

/** The bars of a level as they are read, from the tables that we keep ourselves. */
export const createView = (level: Level): string => `create or replace view ${viewOf(level)} as
  select coin_id, source, currency, built_from, time, ${FIGURE_COLUMNS.join(', ')} from rollups where timeframe = '${level}'`
