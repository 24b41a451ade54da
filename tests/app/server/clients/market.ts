import { type RecordValues, recordTypes } from '../../../../lib/src/base/types/index.ts'
import { storeMarket } from '../../../fuzz/storedMarket.ts'
import { sampleWire } from '../../../support/laterRecords.ts'
import { type Engines, serving } from '../served.ts'
import { trialTools, withTools } from '../tools/trialTools.ts'

/** A record of each kind, besides prices, candles and trades of some coins. */
export async function storeSomeOfAll({ store }: Engines): Promise<void> {
  await storeMarket(store)
  for (const type of Object.values(recordTypes)) {
    const record = type.decode(Buffer.from(JSON.stringify(sampleWire(type, 'sampled', 'bitcoin')))) as RecordValues
    await store.timescale.upsert(type as never, [record as never])
  }
}

/** Serves these records, with a job that is done. */
export async function serveMarket(engines: Engines): Promise<{ readonly url: string; readonly job: string }> {
  const { url } = await serving(withTools(engines), { tools: trialTools })
  const answer = await fetch(`${url}/api/v1/tools/look`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'respond-async' },
    body: '{"thing":"a stone"}',
  })
  const { id } = (await answer.json()) as { id: string }
  await fetch(`${url}/api/v1/jobs/${id}/events`).then((events) => events.text()) // ends with the job
  return { url, job: id }
}
