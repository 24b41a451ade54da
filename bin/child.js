// Runs the file named by its first argument, as a child of node24.js. A parent that was killed outright cannot pass
// that on, and its child would stay behind: the closing channel tells.
import { pathToFileURL } from 'node:url'

if (process.channel) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel.unref()
}
process.argv.splice(1, 1)
await import(pathToFileURL(process.argv[1]).href)
