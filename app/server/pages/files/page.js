// The keyboard must reach tables that a narrow window cuts off.
for (const region of document.querySelectorAll('.scroll')) region.tabIndex = 0

/** An element with properties and children. Text is inserted as text, never as markup. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children.filter((child) => child !== undefined))
  return made
}

/** JSON from the server. @throws Error with the server's message */
export async function getJson(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } })
  const body = await response.json()
  if (!response.ok) throw new Error(body.detail ?? `${path} answered ${response.status}`)
  return body
}
