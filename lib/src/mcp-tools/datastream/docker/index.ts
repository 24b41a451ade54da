export { DockerServiceDSL } from './DockerServiceDSL.ts'
export { type DockerSettings, dockerSettings } from './settings.ts'
