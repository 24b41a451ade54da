export { type DockerEngineProcess, mountsBelow, startDockerEngine } from './run/dockerEngine.ts'
