// Deploys a pipeline and dies in the middle: the lock is held, nothing is committed.
import pg from 'pg'
import { PipelineStore } from '../../../lib/src/streaming/pipelines/deployed/index.ts'

const store = await PipelineStore.open(new pg.Pool({ connectionString: process.argv[2] as string }))
await store.deploy({
  name: 'archive',
  text: 'killed',
  replaces: Number(process.argv[3]),
  by: 'victim',
  check: () => {
    process.kill(process.pid, 'SIGKILL')
    return []
  },
})
