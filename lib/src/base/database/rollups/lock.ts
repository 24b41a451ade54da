/** 'rolls' in ASCII: whoever rolls up, or drops what was rolled up, holds this advisory lock. */
export const ROLLUP_LOCK = 0x726f6c6c73
