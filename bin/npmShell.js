// Plain JavaScript for any Node from 16 on.

/** npm gave its shell our command and nothing else, so the shell waits for us and does not end before. */
const alone = /^'?qicore'?( [\w./:=,@-]+)*$/

const LOOK_MS = 250

/**
 * Calls back when the shell is gone by which `npx` or a script of npm started this process. npm hands a SIGTERM on to that shell
 * alone, and dash, which is `sh` on Debian, dies of it without a word to us.
 */
export function onShellGone(gone) {
  if (!alone.test(process.env.npm_lifecycle_script || '')) return
  const shell = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(timer)
    gone()
  }, LOOK_MS)
  timer.unref()
}
