// nunjucks has no sandbox: as it comes, `{{ ds.constructor.constructor('…')() }}` runs code. Templates see values, so what they
// may reach is listed here: own properties, and methods that only compute.

const STRING_METHODS = new Set([
  'at',
  'charAt',
  'endsWith',
  'includes',
  'indexOf',
  'lastIndexOf',
  'padEnd',
  'padStart',
  'replace',
  'replaceAll',
  'slice',
  'split',
  'startsWith',
  'substring',
  'toLowerCase',
  'toString',
  'toUpperCase',
  'trim',
  'trimEnd',
  'trimStart',
]);
const LIST_METHODS = new Set(['at', 'concat', 'includes', 'indexOf', 'join', 'lastIndexOf', 'slice']);
const NUMBER_METHODS = new Set(['toFixed', 'toPrecision', 'toString']);
const DATE_METHODS = new Set([
  'getTime',
  'getUTCDate',
  'getUTCDay',
  'getUTCFullYear',
  'getUTCHours',
  'getUTCMinutes',
  'getUTCMonth',
  'getUTCSeconds',
  'toISOString',
  'toJSON',
]);

/** The member `key` of `object` as a template may see it; undefined when there is none, or none that it may see. */
export function safeMember(object: unknown, key: unknown): unknown {
  if (object === null || object === undefined || typeof object === 'function') return undefined;
  const name = typeof key === 'symbol' ? '' : String(key);
  if (methodsOf(object)?.has(name)) {
    const method = (object as Record<string, (...args: unknown[]) => unknown>)[name]!;
    return (...args: unknown[]) => method.apply(object, args);
  }
  if (name === '__proto__' || !Object.hasOwn(Object(object), name)) return undefined;
  const member = (object as Record<string, unknown>)[name];
  return typeof member === 'function' ? (...args: unknown[]) => member.apply(object, args) : member;
}

function methodsOf(object: unknown): ReadonlySet<string> | null {
  if (typeof object === 'string') return STRING_METHODS;
  if (typeof object === 'number') return NUMBER_METHODS;
  if (Array.isArray(object)) return LIST_METHODS;
  return object instanceof Date ? DATE_METHODS : null;
}
