import { z } from 'zod'
import { QiError, type SourceInstance, type SourceSetting, settingsOf, suggest, wordIssue } from '../../../base/types/index.ts'

/** The top-level settings of a component. Agents and HTTP may set those with `.meta({ open: true })` and without secrets. */
export function describeSettings({ config }: { readonly config: z.ZodObject }): SourceSetting[] {
  const secret = new Set(settingsOf(config).flatMap((setting) => (setting.secret ? [setting.path.split('.')[0]] : [])))
  const { properties = {} } = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).map(([name, property]) => {
    const {
      description = '',
      open,
      ...schema
    } = (typeof property === 'object' ? property : {}) as Record<string, unknown> & {
      readonly description?: string
    }
    return { name, summary: description, schema, open: open === true && !secret.has(name) }
  })
}

/**
 * The settings to start a source with: the given ones over the configured ones.
 * @throws QiError BAD_REQUEST naming the setting, its value and the expected one
 */
export function settingsWith(
  { name: instance, type: definition, settings: configured }: SourceInstance,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const known = describeSettings(definition)
  const open = known.filter((setting) => setting.open).map(({ name }) => name)
  for (const name of Object.keys(given)) {
    if (open.includes(name)) continue
    const field = `settings.${name.slice(0, 60)}`
    const message = known.some((setting) => setting.name === name)
      ? `${field} of ${instance} can only be set in qicore.yaml or the environment, by the operator of the platform`
      : `${field}: ${instance} has no such setting${suggest(name, open)}`
    throw new QiError('BAD_REQUEST', message, { field })
  }
  // Configured values are parsed already. Some, such as times, would not pass the schema again: they are kept.
  const { shape } = definition.config
  const [again, kept] = [{}, {}] as [Record<string, unknown>, Record<string, unknown>]
  for (const [name, value] of Object.entries(configured))
    if (value !== undefined && !(name in given)) {
      const accepted = (shape[name] as z.ZodType).safeParse(value).success
      Object.assign(accepted ? again : kept, { [name]: value })
    }
  const result = definition.config.safeParse({ ...again, ...given })
  if (result.success) return { ...result.data, ...kept }
  const [issue] = result.error.issues
  const path = issue?.path.map(String) ?? []
  const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], given)
  const field = ['settings', ...path].join('.')
  const shown = value === undefined ? '' : ` ${JSON.stringify(value).slice(0, 60)}`
  throw new QiError('BAD_REQUEST', `${field}${shown}: ${issue ? wordIssue(issue) : 'is not valid'}`, { field })
}
