import { describe } from 'vitest'
import { rollupSuite } from './suite.ts'

describe('rollups on plain PostgreSQL', () => rollupSuite('embedded'))
