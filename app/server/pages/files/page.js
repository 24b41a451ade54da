/** What a page's scripts share. */

/** An element with properties and children; text is text, never markup. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children.filter((child) => child !== undefined))
  return made
}

/** JSON from the server, or its error as an Error. */
export async function getJson(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } })
  const body = await response.json()
  if (!response.ok) throw new Error(body.detail ?? `${path} answered ${response.status}`)
  return body
}
