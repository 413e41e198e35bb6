import { InvalidInputError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Connection } from './connection.ts';

/**
 * Reads a connection as people write it: a URI (`postgres://login:password@host:5432/schema?sslmode=require`) or a JSON object with the
 * members of {@link Connection}. The scheme is the type, `-` in it stands for `_`; what follows `?` is the extra. Throws
 * `InvalidInputError`, never with what was given: it holds a secret.
 *
 * @param where what the text is, for messages: `TSFLOW_CONN_WAREHOUSE`
 */
export function parseConnection(connectionId: string, text: string, where: string): Connection {
  const trimmed = text.trim();
  const parts = trimmed.startsWith('{') ? fromJson(trimmed, where) : fromUri(trimmed, where);
  return { ...nothing, ...parts, connectionId };
}

/** The members of a connection out of JSON, checked. Unknown members and wrong types are refused by name. */
export function connectionOf(connectionId: string, given: JsonObject, where: string): Connection {
  return { ...nothing, ...checked(given, where), connectionId };
}

const nothing = {
  host: null,
  port: null,
  login: null,
  password: null,
  schema: null,
  extra: {},
} satisfies Partial<Connection>;

type Parts = Partial<Connection> & Pick<Connection, 'type'>;

function fromUri(text: string, where: string): Parts {
  let uri: URL;
  try {
    uri = new URL(text);
  } catch {
    throw new InvalidInputError(
      `${where}: expected a URI such as "postgres://login:password@host:5432/schema", or a JSON object.`,
    );
  }
  const part = (value: string) => (value === '' ? null : decodeURIComponent(value));
  // The path of an incoming webhook is its secret: it is kept where secrets are.
  if (uri.protocol === 'slack:') {
    return { type: 'slack', host: part(uri.hostname), password: text.replace(/^slack:/i, 'https:') };
  }
  return {
    type: uri.protocol.slice(0, -1).replaceAll('-', '_'),
    host: part(uri.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: uri.port === '' ? null : Number(uri.port),
    login: part(uri.username),
    password: part(uri.password),
    schema: part(isPath(text) ? uri.pathname : uri.pathname.replace(/^\//, '')),
    extra: Object.fromEntries(uri.searchParams),
  };
}

/** `sqlite:/data/x.db`, as the setting `databaseUrl` has it: there is no host, and all of it is a path. */
const isPath = (text: string): boolean => /^sqlite:\/(?!\/)/i.test(text);

function fromJson(text: string, where: string): Parts {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new InvalidInputError(`${where}: it begins like JSON and is none.`);
  }
  return checked(given as JsonObject, where);
}

const TEXTS = ['host', 'login', 'password', 'schema'] as const;
const MEMBERS: readonly string[] = ['connectionId', 'type', ...TEXTS, 'port', 'extra', 'description'];

function checked(given: JsonObject, where: string): Parts {
  const refuse = (what: string) => new InvalidInputError(`${where}: ${what}`);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refuse('expected a JSON object.');
  const unknown = Object.keys(given).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw refuse(`there is no member "${unknown}" (known: ${MEMBERS.join(', ')}).`);
  const { type, port = null, extra = {} } = given;
  if (typeof type !== 'string' || !/^[a-z][a-z0-9_]*$/.test(type)) {
    throw refuse('type expects a word such as "postgres" or "http".');
  }
  if (port !== null && !(Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536)) {
    throw refuse('port expects a whole number from 1 to 65535.');
  }
  if (typeof extra !== 'object' || extra === null || Array.isArray(extra))
    throw refuse('extra expects a JSON object.');
  const texts = Object.fromEntries(TEXTS.map((name) => [name, textOrNull(given[name], name, refuse)]));
  return {
    ...(texts as Record<(typeof TEXTS)[number], string | null>),
    type,
    port: port as number | null,
    extra: extra as JsonObject,
  };
}

function textOrNull(value: Json | undefined, name: string, refuse: (what: string) => Error): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string') return value;
  throw refuse(`${name} expects text.`);
}
