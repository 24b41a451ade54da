/** Prefix of every resume token, which no time begins with. */
export const TOKEN_START = 'r1-'
/** The most characters of a resume token; one of six partitions has some fifty. */
export const MOST_TOKEN = 8_192
