import { readFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type nunjucks from 'nunjucks';
import { resolveTemplateName } from '../dag/file-template.ts';
import { didYouMean, errorMessage } from '../errors.ts';
import type { dateFilters as DateFilters } from './date-filters.ts';
import { safeMember } from './safe-member.ts';
import { TemplateError } from './template-error.ts';

/** A template to render: its text, and where it stands. */
export interface TemplateSource {
  readonly text: string;
  /** Absolute path of its file; null: a text in the DAG file. */
  readonly path: string | null;
  /** Where it is used, for messages: `command`, `env.DAY`. */
  readonly field: string;
}

/** Renders templates against names. Made once per DAG directory, because templates include files relative to it. */
export interface Jinja {
  /** Throws {@link TemplateError}, naming what is undefined, malformed or missing. Data is never rendered again. */
  render(source: TemplateSource, names: TemplateNames): string;
}

/** What templates can name. `timezone` is the zone that `format` uses. */
export interface TemplateNames {
  readonly timezone: string;
  readonly [name: string]: unknown;
}

/** Whether `text` has anything to render. Most texts have not, and loading nunjucks takes longer than a short task. */
export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%') || text.includes('{#');
}

const engines = new Map<string, Promise<Jinja>>();

/** The engine for templates of the DAG files in `dagDirectory`. nunjucks and the dates are loaded with the first one. */
export function jinjaFor(dagDirectory: string): Promise<Jinja> {
  let engine = engines.get(dagDirectory);
  if (engine === undefined) {
    engine = Promise.all([import('nunjucks'), import('./date-filters.ts')]).then(
      ([library, { dateFilters }]) => makeJinja(library.default, dateFilters, dagDirectory),
    );
    engines.set(dagDirectory, engine);
  }
  return engine;
}

/** What nunjucks has but its types leave out. */
interface Compiled {
  readonly compiled: boolean;
  readonly tmplStr: string;
  readonly path: string | undefined;
  readonly env: Internals;
  tmplProps: Readonly<Record<string, RenderFunction>>;
  _compile(): void;
}
interface Compiler {
  compile(text: string, asyncFilters: unknown, extensions: unknown, path: unknown, options: unknown): string;
}
type RenderFunction = (
  env: unknown,
  context: unknown,
  frame: unknown,
  runtime: unknown,
  done: unknown,
) => void;
type Nunjucks = typeof nunjucks;
interface Internals {
  readonly globals: Record<string, unknown>;
  readonly filters: Record<string, unknown>;
  readonly asyncFilters: unknown;
  readonly extensionsList: unknown;
  readonly opts: unknown;
}
interface Frame {
  lookup(name: string): unknown;
}
interface Context {
  readonly ctx: Record<string, unknown>;
  readonly env: Internals;
}

/** How nunjucks 3.2 begins a loop, after it has evaluated what it runs over. */
const LOOP = /if\((t_\d+)\) \{(?=\1 = runtime\.fromIterator\(\1\);)/g;

/** Templates compiled from texts, kept for the attempts to come. Bounded: a DAG made from data may bring any number. */
const MAX_COMPILED = 1_000;

function makeJinja(library: Nunjucks, dateFilters: typeof DateFilters, dagDirectory: string): Jinja {
  // Rendering is synchronous, so what the running template looked up last can be kept here.
  let names: TemplateNames = { timezone: 'UTC' };
  let missing: string | null = null;
  let field = '';
  // nunjucks wraps what is thrown inside of a template and loses its facts on the way: the error itself waits here.
  let failure: TemplateError | null = null;
  const fail = (problem: string, line: number | null = null): TemplateError => {
    failure = new TemplateError(field, problem, { line });
    return failure;
  };
  const undefinedName = (line: number | null = null): TemplateError => {
    const name = missing ?? 'a value';
    const closest = didYouMean(name, Object.keys(names));
    return fail(`"${name}" is undefined.${closest === undefined ? '' : ` Did you mean "${closest}"?`}`, line);
  };

  const { compiler } = library as unknown as { compiler: Compiler };
  const runtime = {
    ...(library.runtime as Record<string, unknown>),
    contextOrFrameLookup(context: Context, frame: Frame, name: string): unknown {
      const local = frame.lookup(name);
      if (local !== undefined) return local;
      for (const source of [context.ctx, context.env.globals]) {
        if (Object.hasOwn(source, name) && source[name] !== undefined) return source[name];
      }
      missing = name;
      return undefined;
    },
    memberLookup(object: unknown, key: unknown): unknown {
      if (object === undefined || object === null) throw undefinedName();
      const member = safeMember(object, key);
      if (member === undefined) missing = nameOfMember(names, object, String(key));
      return member;
    },
    ensureDefined(value: unknown, line: number): unknown {
      if (value === undefined) throw undefinedName(line + 1);
      if (value === null) throw fail('a value is null.', line + 1);
      return value;
    },
    suppressValue: (value: unknown): string => asText(value),
    /** What a loop asks before it begins: nunjucks passes over a list that is undefined without a word. */
    isList(value: unknown): boolean {
      if (value === undefined) throw undefinedName();
      return Boolean(value);
    },
  };

  /**
   * Compiled templates get the runtime as an argument. Handing over another one, template by template, leaves nunjucks as it is for
   * everybody else in this process.
   */
  const guarded = (template: nunjucks.Template): nunjucks.Template => {
    const inner = template as unknown as Compiled;
    if (inner.compiled || Object.hasOwn(inner, '_compile')) return template;
    const finish = inner._compile.bind(template);
    inner._compile = () => {
      const { asyncFilters, extensionsList, opts } = inner.env;
      const source = compiler.compile(inner.tmplStr, asyncFilters, extensionsList, inner.path, opts);
      const props = new Function(source.replace(LOOP, 'if(runtime.isList($1)) {'))() as Compiled['tmplProps'];
      const { root } = props;
      inner.tmplProps = {
        ...props,
        root: (env, context, frame, _runtime, done) => root!(env, context, frame, runtime, done),
      };
      finish();
    };
    return template;
  };

  class Environment extends library.Environment {
    /** What a template includes is found relative to itself or to the DAG file, and is guarded as well. */
    override getTemplate(...args: never[]): nunjucks.Template {
      const [name, eager, parent, ignoreMissing, done] = args as unknown as [
        string | nunjucks.Template,
        boolean,
        string | undefined,
        boolean,
        (error: unknown, template?: nunjucks.Template) => void,
      ];
      const get = super.getTemplate as (...all: unknown[]) => nunjucks.Template;
      return get.call(
        this,
        name,
        eager,
        parent,
        ignoreMissing,
        (error: unknown, template?: nunjucks.Template) => done(error, template && guarded(template)),
      );
    }

    resolveTemplate(_loader: unknown, parent: string | undefined, name: string): string {
      return resolveTemplateName(name, parent ? dirname(parent) : dagDirectory, dagDirectory);
    }

    /** Every filter but `default` refuses what is undefined, where nunjucks would print nothing. */
    override getFilter(name: string): (...args: unknown[]) => unknown {
      const filters = (this as unknown as Internals).filters;
      if (!Object.hasOwn(filters, name)) {
        const closest = didYouMean(name, Object.keys(filters));
        throw fail(`there is no filter "${name}".${closest ? ` Did you mean "${closest}"?` : ''}`);
      }
      const filter = filters[name] as (...args: unknown[]) => unknown;
      if (name === 'default' || name === 'd') return filter;
      return function (this: unknown, ...args: unknown[]) {
        if (args[0] === undefined) throw undefinedName();
        return filter.apply(this, args);
      };
    }
  }

  const loader = {
    getSource: (path: string) => ({ src: readFileSync(path, 'utf8'), path, noCache: false }),
  } as nunjucks.ILoader;
  const environment = new Environment(loader, { autoescape: false, throwOnUndefined: true });
  for (const [name, filter] of Object.entries(dateFilters(() => names.timezone))) {
    environment.addFilter(name, filter as (...args: unknown[]) => string);
  }
  environment.addFilter('shell_quote', (value: unknown) => shellQuote(asText(value)));
  environment.addGlobal(
    'macros',
    dateFilters(() => names.timezone),
  );

  const templates = new Map<string, nunjucks.Template>();
  const compiled = ({ text, path }: TemplateSource): nunjucks.Template => {
    const key = `${path ?? ''}\0${text}`;
    let template = templates.get(key);
    if (template === undefined) {
      if (templates.size >= MAX_COMPILED) templates.clear();
      template = guarded(new library.Template(text, environment, path ?? undefined));
      templates.set(key, template);
    }
    return template;
  };

  return {
    render(source, given) {
      names = given;
      missing = null;
      failure = null;
      field = source.field;
      const path = source.path === null ? null : relative(dagDirectory, source.path);
      try {
        return compiled(source).render(given);
      } catch (error) {
        throw asTemplateError(failure ?? error, source.field, path);
      }
    },
  };
}

/** nunjucks' own messages carry `[Line 3, Column 7]` in the lines before the one that says what is wrong. */
function asTemplateError(error: unknown, field: string, template: string | null): TemplateError {
  if (error instanceof TemplateError)
    return new TemplateError(field, error.problem, { template, line: error.line });
  const message = errorMessage(error);
  const line = Number(/\[Line (\d+)/.exec(message)?.[1] ?? Number.NaN);
  const last = message.trim().split('\n').at(-1)!.trim();
  const problem = last.replace(/^(?:Error|TemplateError|Template render error|InvalidInputError): /, '');
  return new TemplateError(field, problem, { template, line: Number.isNaN(line) ? null : line }, error);
}

/** `params.mode` rather than `mode`, when the object is one of the names. */
function nameOfMember(names: TemplateNames, object: unknown, key: string): string {
  const owner = Object.entries(names).find(([, value]) => value === object)?.[0];
  return owner === undefined ? key : `${owner}.${key}`;
}

/** How a value reads inside of a text: instants as ISO 8601, lists and objects as JSON. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return String(value);
  const prototype = Object.getPrototypeOf(value);
  const isPlain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  return isPlain ? JSON.stringify(value) : String(value);
}

/** One word for a POSIX shell, whatever is in it. Passing a value by env is better still. */
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
