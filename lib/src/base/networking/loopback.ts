/** Whether only this machine can reach an address to listen on, or is reached by it. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
