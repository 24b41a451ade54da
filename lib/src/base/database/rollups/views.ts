import { FIGURE_COLUMNS } from './figures.ts'
import { type Level, ROLLED_OF_SERIES, viewOf } from './levels.ts'

/** The bars of a level as they are read. @param bars SQL: what keeps them, the number of their series among the columns */
export const createView = (
  level: Level,
  bars = `rollups where timeframe = '${level}'`,
): string => `create or replace view ${viewOf(level)} as
  select s.coin_id, s.source, s.currency, ${ROLLED_OF_SERIES} as built_from, b.time, ${FIGURE_COLUMNS.map((column) => `b.${column}`).join(', ')}, b.series
  from (select * from ${bars}) as b join series as s on s.id = b.series`
