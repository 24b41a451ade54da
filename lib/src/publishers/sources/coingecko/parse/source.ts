export const SOURCE = 'coingecko'
