/** Services that the run's own process starts on demand and shares between the test files: see globalSetup.ts. */
export type Shared = 'kafka' | 'registry' | 'embedded' | 'postgres' | 'tls'

/** Answers where it is, once it serves: broker addresses, or the URL of a superuser. */
export async function ask(control: string, what: Shared): Promise<string> {
  const response = await fetch(`${control}/${what}`)
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return text
}
