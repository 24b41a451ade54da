import { describeWith } from '../../support/services.ts'
import { rollupSuite } from './suite.ts'

describeWith('timescaledb', 'rollups on TimescaleDB', () => rollupSuite('timescaledb'))
