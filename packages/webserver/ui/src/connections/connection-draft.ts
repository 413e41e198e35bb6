import type { Connection, ConnectionBody } from '../api/contract.ts';
import { parseConf } from '../dialogs/params-form.ts';

/** What the form of a connection holds. Secrets are null until somebody types them: they stay as they were. */
export interface ConnectionDraft {
  readonly type: string;
  readonly host: string;
  readonly port: string;
  readonly login: string;
  readonly schema: string;
  readonly description: string;
  readonly password: string | null;
  /** JSON. */
  readonly extra: string | null;
}

export function draftOf(connection: Connection | undefined): ConnectionDraft {
  return {
    type: connection?.type ?? '',
    host: connection?.host ?? '',
    port: connection?.port?.toString() ?? '',
    login: connection?.login ?? '',
    schema: connection?.schema ?? '',
    description: connection?.description ?? '',
    password: connection ? null : '',
    extra: connection && connection.extraKeys.length > 0 ? null : '{}',
  };
}

/** The draft as REST takes it: an empty field is none, an untouched secret is left out. */
export function sentConnection(draft: ConnectionDraft): ConnectionBody {
  const extra = draft.extra === null ? null : parseConf(draft.extra);
  return {
    type: draft.type,
    host: draft.host || null,
    port: draft.port === '' ? null : Number(draft.port),
    login: draft.login || null,
    schema: draft.schema || null,
    description: draft.description || null,
    ...(draft.password === null ? {} : { password: draft.password || null }),
    ...(extra?.ok ? { extra: extra.conf } : {}),
  };
}
