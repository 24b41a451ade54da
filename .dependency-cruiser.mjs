// Who may import whom: the table in docs/architecture.md, a rule for each row. What is not listed is refused.
const ours = '^(lib|app|examples|bench|tests|scripts)/'

/** @returns a rule that lets `from` import, of what is ours, only what is listed. */
const only = (name, comment, from, allowed, fromNot) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, ...(fromNot && { pathNot: fromNot }) },
  to: { path: ours, pathNot: allowed },
})

const base = '^lib/src/base/'
const pipelines = '^lib/src/streaming/pipelines/'
const entryPoints =
  '^lib/src/(index|(base/[a-z]+|streaming|publishers|consumers|mcp-tools|mcp-launchers|streaming/platform)/index)\\.ts$'

/** @returns a rule for one layer of base: it imports itself and the layers below it. */
const layer = (name, below = []) =>
  only(
    `base-${name}`,
    `base/${name} imports ${below.length > 0 ? `base/${below.join(', base/')}` : 'no other layer'}`,
    `^lib/src/base/${name}/`,
    [name, ...below].map((folder) => `^lib/src/base/${folder}/`),
  )

/** Files whose types refer to each other, and why they should. To run, none of them needs the other. */
const allowedCircles = [
  { files: 'lib/src/base/agent/workflow/(Flow|model)\\.ts', why: 'a flow is made of nodes, and a node may hold a flow' },
  {
    files: 'lib/src/publishers/sources/coingecko/(config|schedule)\\.ts',
    why: 'the check of the settings counts the calls that they plan',
  },
]

/** Folders at one level that never import each other; $1 is the folder around them, $2 the importing one. */
const siblings = [
  '^(lib/src/streaming)/(redpanda|embedded|pipelines)/',
  '^(lib/src/publishers/sources)/([^/]+)/',
  '^(lib/src/consumers/sinks)/([^/]+)/',
  '^(lib/src/mcp-tools)/(publisher|consumer|datastream)/',
  '^(lib/src/mcp-launchers)/([^/]+)/',
]

export default {
  forbidden: [
    layer('types'),
    layer('networking', ['types']),
    layer('database', ['types', 'networking']),
    layer('segments', ['types', 'networking', 'database']),
    layer('alerts', ['types', 'networking', 'database']),
    layer('agent', ['types', 'networking', 'database']),
    only('streaming', 'an engine, and the pipelines, import base', '^lib/src/streaming/(redpanda|embedded|pipelines)/', [
      base,
      '^lib/src/streaming/(redpanda|embedded|pipelines)/', // siblings are refused below
    ]),
    only(
      'publishers',
      'publishers import base and the pipelines, never consumers',
      '^lib/src/publishers/',
      [base, pipelines, '^lib/src/publishers/'],
      '^lib/src/publishers/agents/',
    ),
    only(
      'consumers',
      'consumers import base and the pipelines, never publishers',
      '^lib/src/consumers/',
      [base, pipelines, '^lib/src/consumers/'],
      '^lib/src/consumers/agents/',
    ),
    only('mcp-tools', 'tools import base; live handles are passed in', '^lib/src/mcp-tools/', [base, '^lib/src/mcp-tools/']),
    only('mcp-launchers', 'launchers import base', '^lib/src/mcp-launchers/', [base, '^lib/src/mcp-launchers/']),
    only('agents', 'agents also import the tools, and the parts of their own area', '^lib/src/(publishers|consumers)/agents/', [
      base,
      pipelines,
      '^lib/src/mcp-tools/',
      '^lib/src/$1/',
    ]),
    only('platform', 'the platform composes all of the library, and nothing beyond it', '^lib/src/streaming/platform/', [
      '^lib/src/',
    ]),
    only('entry-points', 'an entry point exports parts of the library', '^lib/src/(streaming/)?index\\.ts$', ['^lib/src/']),
    only('outside', 'app, examples and bench know the public entry points', '^(app|examples|bench)/', [entryPoints, '^$1/']),
    ...siblings.map((path) => ({
      name: 'siblings',
      comment: 'a component never imports the one beside it',
      severity: 'error',
      from: { path },
      // What several components of one kind need lies beside them, in a folder named shared.
      to: { path: '^$1/[^/]+/', pathNot: ['^$1/$2/', '^$1/shared/', '^lib/src/streaming/platform/'] },
    })),
    {
      name: 'circular-types',
      comment: 'types go to a file below both, unless `allowedCircles` names the circle and says why',
      severity: 'error',
      from: {},
      to: { circular: true, via: { pathNot: `^(${allowedCircles.map(({ files }) => files).join('|')})$` } },
    },
    {
      name: 'circular',
      comment: 'of two files that need each other to run, one is in the wrong place',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'unresolvable',
      comment: 'what cannot be found cannot be judged',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, path: '^\\.' },
    },
  ],
  options: {
    // With TypeScript 7 the default parser finds no module at all.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|dist)/' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'] },
  },
}
