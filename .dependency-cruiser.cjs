// Who may import whom. A package seen from another one is its built form (packages/core/dist/…) or, when that is missing, its bare
// name (@tsflow/core): the patterns match both. `npm run layers` also counts the modules, because a configuration that
// matches nothing finds no violations either.
const PACKAGE = (name) => `^(packages/|@tsflow/)${name}(/|$)`;

/** Who may import which package: everything that is not said is forbidden. */
const PACKAGES = {
  core: [],
  scheduler: ['core'],
  webserver: ['core'],
  'operators-gcp': ['core'],
  testing: ['scheduler', 'core'],
  cli: ['webserver', 'testing', 'scheduler', 'core'],
};

/** Inside core a line may import its own line and those above it. */
const CORE_LAYERS = [
  ['clock', 'defined', 'duration', 'errors', 'json', 'logger', 'service'],
  // Events are words too: decisions name what they did with them, subscribers come later.
  ['state', 'timetables', 'params', 'connections', 'events', 'assets'],
  ['notifiers'],
  ['dag'],
  ['operators'],
  ['serialization'],
  ['rules'],
  ['logs', 'templating', 'config'],
  ['intents'],
  ['store'],
  ['loader'],
];

/** Inside the rules too: what a DAG is, when it runs, what is at work, who goes first, a run, an attempt; then those who ask about all of it. */
const RULES_ROOMS = ['graph', 'schedule', 'work', 'queue', 'run', 'attempt', 'explain', 'simulation'];

/** And inside the loop: what came in, what is in memory, then what a turn does, about in its order. */
const LOOP_ROOMS = [
  'inbox',
  'held',
  'runs',
  'assets',
  'news',
  'reports',
  'intents',
  'grants',
  'questions',
  'leases',
  'commit',
];

/** A library of others is known to one folder, so that replacing it is a change of one folder. */
const VENDORS = {
  '@asteasolutions/zod-to-openapi': ['packages/webserver/src/'],
  '@clack/prompts': ['packages/cli/src/commands/', 'packages/cli/src/door/'],
  '@date-fns/tz': ['packages/core/src/templating/'],
  ajv: ['packages/scheduler/src/loop/intents/'],
  'better-sqlite3': ['packages/core/src/store/sqlite/', 'packages/core/src/operators/'],
  commander: ['packages/cli/src/'],
  'cron-parser': ['packages/core/src/timetables/'],
  'date-fns': ['packages/core/src/templating/'],
  // The processor bundles DAG files; the command line bundles tsflow.config.ts, before there is a processor.
  esbuild: ['packages/scheduler/src/dag-processor/', 'packages/cli/src/compose/config-file\\.ts'],
  express: ['packages/webserver/src/'],
  'express-rate-limit': ['packages/webserver/src/'],
  'https-proxy-agent': ['packages/cli/src/door/'],
  helmet: ['packages/webserver/src/'],
  kysely: ['packages/core/src/store/'],
  nunjucks: ['packages/core/src/templating/'],
  'openapi-fetch': ['packages/cli/src/door/'],
  'p-limit': ['packages/scheduler/src/executors/'],
  // The store's driver, and the operator that speaks to the databases of authors.
  pg: ['packages/core/src/store/postgres/', 'packages/core/src/operators/'],
  typescript: ['packages/scheduler/src/dag-processor/check/'],
  winston: ['packages/cli/src/compose/'],
};

/** Each room of a folder imports itself and those before it. */
const rooms = (folder, names, comment) =>
  names.slice(0, -1).map((room, index) => ({
    name: `${folder.split('/').at(-1)}-rooms-${room}`,
    severity: 'error',
    comment,
    from: { path: `^${folder}/${room}/`, pathNot: '\\.test\\.ts$' },
    to: { path: names.slice(index + 1).map((other) => `^${folder}/${other}/`) },
  }));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment:
        'A cycle of values loads in an order that nobody chose. Type-only imports vanish and may close a circle.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...Object.entries(PACKAGES).map(([name, allowed]) => ({
      name: `packages-${name}`,
      severity: 'error',
      comment: `${name} may import ${allowed.join(', ') || 'no other package'}.`,
      from: { path: `^packages/${name}/src/` },
      to: {
        path: Object.keys(PACKAGES)
          .filter((other) => other !== name && !allowed.includes(other))
          .map(PACKAGE),
      },
    })),
    ...CORE_LAYERS.slice(0, -1).map((layer, index) => ({
      name: `core-layers-${layer.join('-')}`,
      severity: 'error',
      comment: 'author -> serialize -> decide -> remember: a verb that crosses a layer lives downstream.',
      from: { path: `^packages/core/src/(${layer.join('|')})(/|\\.ts$)`, pathNot: '\\.test\\.ts$' },
      to: {
        path: CORE_LAYERS.slice(index + 1)
          .flat()
          .map((folder) => `^packages/core/src/${folder}(/|\\.ts$)`),
      },
    })),
    ...rooms(
      'packages/core/src/rules',
      RULES_ROOMS,
      'A decision about a smaller thing knows nothing of the larger one that asks it.',
    ),
    ...rooms(
      'packages/scheduler/src/loop',
      LOOP_ROOMS,
      'A step of a turn knows what it works on, and not which step comes next.',
    ),
    {
      name: 'index-is-for-outsiders',
      severity: 'error',
      comment: 'Inside its own folder a file is imported by its own name.',
      from: { path: '^packages/([^/]+)/src/([^/]+)/', pathNot: '/index\\.ts$' },
      to: { path: '^packages/$1/src/$2/index\\.ts$' },
    },
    {
      name: 'core-loads-no-driver',
      severity: 'error',
      comment: 'A DAG file imports @tsflow/core: that must stay quick and free of databases.',
      from: { path: '^packages/core/src/index\\.ts$' },
      to: { path: 'node_modules/(better-sqlite3|pg|kysely)/', reachable: true },
    },
    ...Object.entries(VENDORS).map(([library, homes]) => ({
      name: `vendor-${library.replace('/', '-')}`,
      severity: 'error',
      comment: `${library} is known to ${homes.join(' and ')} alone.`,
      from: { path: '^packages/[^/]+/src/', pathNot: [...homes.map((home) => `^${home}`), '\\.test\\.ts$'] },
      to: { path: `node_modules/${library}/` },
    })),
    {
      name: 'tests-are-leaves',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '\\.test\\.ts$' },
      to: { path: ['\\.test\\.ts$', '^test/'] },
    },
    {
      name: 'nothing-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^packages/[^/]+/dist/'] },
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
