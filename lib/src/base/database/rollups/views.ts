import { FIGURE_COLUMNS } from './figures.ts'
import { type Level, ROLLED_OF_SERIES, rollupView } from './levels.ts'

/** SQL of the view of a level's bars. @param bars SQL: their source; its columns include the number of the series */
export const createRollupView = (
  level: Level,
  bars = `rollups where timeframe = '${level}'`,
): string => `create or replace view ${rollupView(level)} as
  select s.coin_id, s.source, s.currency, ${ROLLED_OF_SERIES} as built_from, b.time, ${FIGURE_COLUMNS.map((column) => `b.${column}`).join(', ')}, b.series
  from (select * from ${bars}) as b join series as s on s.id = b.series`
