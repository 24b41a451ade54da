import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServiceName } from '../support/run/available.ts'

export interface ScenarioContext {
  /** How long the bad thing lasts, in seconds: a scenario goes on for at least so long. */
  readonly seconds: number
  /** Prices produced a second meanwhile. */
  readonly rate: number
  readonly seed: number
  /** Called with a line as something happens. */
  readonly say: (line: string) => void
  /** Longest wait for one thing, in milliseconds. */
  readonly patienceMs: number
}

/** The result of a scenario; `problems` is empty where all is well, the rest are figures to print. */
export interface ScenarioFindings {
  readonly problems: readonly string[]
  readonly [figure: string]: unknown
}

/** One bad thing that happens to a platform under load: a file of `scenarios/`, which exports it as `scenario`. */
export interface Scenario {
  /** Its name on the command line, in kebab case. */
  readonly name: string
  /** One line for the help. */
  readonly summary: string
  /** How long it lasts in `npm test`, where that is more than usual, in seconds. */
  readonly leastSeconds?: number
  /** Services that it needs; where one is missing it is skipped, and said so. */
  readonly needs?: readonly ServiceName[]
  /** @throws Error when the platform no longer stores or answers, with its output */
  run(context: ScenarioContext): Promise<ScenarioFindings>
}

const FOLDER = join(import.meta.dirname, 'scenarios')

/** All scenarios, by name. */
export async function loadScenarios(): Promise<readonly Scenario[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.ts')).sort()
  return Promise.all(files.map(async (file) => ((await import(join(FOLDER, file))) as { readonly scenario: Scenario }).scenario))
}

/** Repeats a run of a scenario. */
export const scenarioCommand = (
  name: string,
  { seconds, rate, seed }: Pick<ScenarioContext, 'seconds' | 'rate' | 'seed'>,
): string => `npm run chaos -- --scenario ${name} --seconds ${seconds} --rate ${rate} --seed ${seed}`
