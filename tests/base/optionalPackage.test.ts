import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { optionalPackage } from '../../lib/src/base/types/index.ts'
import { suiteFolder } from '../support/temporary.ts'

const project = await suiteFolder('optional-package')
const wanted = { neededBy: 'destinations.lake.type "s3"', field: 'destinations.lake.type', project }

test('an optional package is loaded from beside the platform, or from the project', async () => {
  expect(await optionalPackage<typeof import('pino')>({ ...wanted, name: 'pino' })).toHaveProperty('pino')
  const folder = join(project, 'node_modules', 'only-in-the-project')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"name":"only-in-the-project","type":"module","exports":"./index.js"}')
  await writeFile(join(folder, 'index.js'), 'export const seven = 7\n')
  expect(await optionalPackage({ ...wanted, name: 'only-in-the-project' })).toMatchObject({ seven: 7 })
})

test('a missing or broken package is an error with a remedy', async () => {
  await expect(optionalPackage({ ...wanted, name: '@nobody/has-this', major: 3 })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    field: 'destinations.lake.type',
    message:
      'destinations.lake.type "s3" needs the package @nobody/has-this, which is not installed: npm install @nobody/has-this@3',
  })
  const folder = join(project, 'node_modules', 'broken')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"name":"broken","exports":"./index.cjs"}')
  await writeFile(join(folder, 'index.cjs'), 'throw new Error("half installed")\n')
  await expect(optionalPackage({ ...wanted, name: 'broken' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'destinations.lake.type "s3": the package broken cannot be loaded: half installed',
  })
})
