import { peakMegabytes } from './memory.ts'

// Loaded before a program that is measured: says at its end what it took.
process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  process.stderr.write(`${JSON.stringify({ megabytes: peakMegabytes(), cpuSeconds: (user + system) / 1e6 })}\n`)
})
