import { QiError, suggest } from '../../../lib/src/base/types/index.ts'
import type { CliCommand, Verb } from '../CliCommand.ts'
import { bashCompletion } from '../completion/bash.ts'
import { fishCompletion } from '../completion/fish.ts'
import { completionTree } from '../completion/tree.ts'
import { zshCompletion } from '../completion/zsh.ts'
import type { Session } from '../session.ts'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }

/** The verb that prints the completion script of a program. */
export const completionOf = (program: CliCommand): Verb<{ readonly shell: string }> => ({
  async run(session: Session, { shell }) {
    if (!Object.hasOwn(SHELLS, shell))
      throw new QiError(
        'BAD_REQUEST',
        `shell "${shell}": there is no completion for it${suggest(shell, Object.keys(SHELLS))}; name bash, zsh or fish`,
        { field: 'shell' },
      )
    await session.out.text(SHELLS[shell as keyof typeof SHELLS](completionTree(program)))
    return undefined
  },
})
