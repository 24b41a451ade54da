export { CONFIG_FILE, findProject, HOME_FOLDER, readConfigFile } from './file.ts'
export {
  type ConfigInputs,
  misspelt,
  type Provenance,
  type ResolvedConfig,
  resolveConfig,
  sharedVariables,
  suggest,
} from './resolve.ts'
export { type Setting, type SettingMeta, settingsOf, variableOf } from './settings.ts'
