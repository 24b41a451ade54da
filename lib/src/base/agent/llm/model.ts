import type { LanguageModel } from 'ai'
import { HttpClient } from '../../networking/index.ts'
import { optionalPackage, QiError } from '../../types/index.ts'
import { BUILT_IN, type LlmSettings } from './settings.ts'

/** The object that a provider's package creates: makes models by name. */
type Provider = ((model: string) => LanguageModel) & { readonly languageModel?: (model: string) => LanguageModel }
type CreateProvider = (options: {
  readonly apiKey?: string
  readonly baseURL?: string
  readonly fetch: typeof globalThis.fetch
}) => Provider

/**
 * The configured model. Loads its provider's code.
 * @param project another folder in which a provider's package may be installed
 * @throws QiError CONFIG_INVALID, which says how to install a provider that is missing
 */
export async function loadModel(settings: LlmSettings & { readonly model: string }, project: string): Promise<LanguageModel> {
  const { provider, model, api_key, base_url, budget } = settings
  // A model thinks before its first byte, for as long as a question may take.
  const ms = budget.timeout_s * 1000
  const http = new HttpClient({ bounds: { totalMs: ms, idleMs: ms }, redirects: 'same-origin', secrets: [api_key] })
  const options = {
    fetch: http.fetch,
    ...(api_key !== undefined && { apiKey: api_key }),
    ...(base_url !== undefined && { baseURL: base_url }),
  }
  if (provider === BUILT_IN && base_url !== undefined) {
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
    return createOpenAICompatible({ ...options, baseURL: base_url, name: 'llm' })(model)
  }
  const made = creatorOf(
    provider,
    await optionalPackage({ name: provider, neededBy: `llm.provider "${provider}"`, field: 'llm.provider', project }),
  )(options)
  return made.languageModel ? made.languageModel(model) : made(model)
}

/** Providers of the AI SDK export `createAnthropic` and the like. */
function creatorOf(name: string, exported: Readonly<Record<string, unknown>>): CreateProvider {
  const short = name
    .split('/')
    .at(-1)
    ?.replace(/[^a-z0-9]/g, '')
  const creators = Object.keys(exported).filter((key) => key.startsWith('create') && typeof exported[key] === 'function')
  const key = creators.find((creator) => creator.toLowerCase() === `create${short}`) ?? creators[0]
  if (key === undefined)
    throw new QiError('CONFIG_INVALID', `llm.provider "${name}" is no provider of the AI SDK: it exports no create function`, {
      field: 'llm.provider',
    })
  return exported[key] as CreateProvider
}
