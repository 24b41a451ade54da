import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LanguageModel } from 'ai'
import { HttpClient } from '../../networking/index.ts'
import { QiError, systemCode } from '../../types/index.ts'
import { BUILT_IN, type LlmSettings } from './settings.ts'

/** What a provider's package makes: models by their names. */
type Provider = ((model: string) => LanguageModel) & { readonly languageModel?: (model: string) => LanguageModel }
type CreateProvider = (options: {
  readonly apiKey?: string
  readonly baseURL?: string
  readonly fetch: typeof globalThis.fetch
}) => Provider

/**
 * The model that is configured; its provider's code is loaded here, and not before.
 * @param project where a provider's package may be installed too
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
  const made = creatorOf(provider, await importPackage(provider, project))(options)
  return made.languageModel ? made.languageModel(model) : made(model)
}

async function importPackage(name: string, project: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(name)
  } catch (error) {
    if (!isMissing(error)) throw broken(name, error)
  }
  let path: string
  try {
    path = createRequire(join(project, 'package.json')).resolve(name)
  } catch {
    throw new QiError('CONFIG_INVALID', `llm.provider "${name}" is not installed: npm install ${name}`, { field: 'llm.provider' })
  }
  return import(pathToFileURL(path).href).catch((error: unknown) => {
    throw broken(name, error)
  })
}

const isMissing = (error: unknown): boolean =>
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(String((error as { code?: unknown }).code)) ||
  systemCode(error) === 'ENOENT'

const broken = (name: string, error: unknown): QiError =>
  new QiError('CONFIG_INVALID', `llm.provider "${name}" cannot be loaded: ${(error as Error).message}`, { field: 'llm.provider' })

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
