export { alertRules } from './alert-rules.ts';
export type { Config } from './config.ts';
export {
  type LiveNumberReading,
  limitOf,
  liveNumber,
  nextLiveNumber,
  ownVariable,
  parseLimit,
  readLiveNumber,
  settledLimit,
  type VariableValues,
  type WrittenLimit,
  writtenLimit,
} from './live-number.ts';
export {
  type ConfigSources,
  defaults,
  defineConfig,
  type LoadedConfig,
  loadConfig,
  makeHome,
  maskedDatabaseUrl,
  type Setting,
  type UserConfig,
} from './load-config.ts';
export { misspeltOwnVariable, type OwnVariable, ownVariables, validateVariable } from './own-variables.ts';
export { publicUrl, runUrl } from './public-url.ts';
