// docs/reference/openapi.json, from the routes and the schemas that serve them.
import { openapiText } from '../../app/server/openapi/document.ts'

export const outputs = () => ({ 'docs/reference/openapi.json': openapiText() })
