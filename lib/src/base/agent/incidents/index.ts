export { type IncidentFilter, IncidentLog } from './IncidentLog.ts'
export { explainIncident, type Incident, incidentShape } from './incident.ts'
