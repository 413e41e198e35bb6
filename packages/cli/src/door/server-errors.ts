import { TsflowError } from '@tsflow/core/errors';

/** Thrown when a server gives no answer: nothing listens there, the name is unknown, it takes too long, its proxy does not reach it. */
export class ServerUnreachableError extends TsflowError {
  constructor(server: string, why: string, options?: ErrorOptions) {
    super('server_unreachable', `${server} does not answer: ${why}.`, options);
  }
}

/** Thrown when the other end cannot prove that it is the server, or sends the request elsewhere: the token is not shown to it. */
export class ServerNotTrustedError extends TsflowError {
  constructor(message: string, options?: ErrorOptions) {
    super('server_not_trusted', message, options);
  }
}

/** Thrown when what answers is not tsflow. */
export class NotTsflowError extends TsflowError {
  constructor(server: string, answer: string) {
    super(
      'not_tsflow',
      `${server} does not answer like tsflow (${answer}). Is the address right, with its base path (TSFLOW_BASE_PATH of the server)?`,
    );
  }
}

/** What went wrong with a connection, in words. */
export function connectionError(server: string, thrown: unknown): TsflowError {
  if (thrown instanceof TsflowError) return thrown;
  const error = thrown as NodeJS.ErrnoException;
  const code = error.code ?? '';
  const untrusted = UNTRUSTED.get(code);
  if (untrusted !== undefined) {
    return new ServerNotTrustedError(`${server} is not trusted: ${untrusted} (${code}).`, { cause: thrown });
  }
  const why = UNREACHABLE.get(code);
  return new ServerUnreachableError(server, why === undefined ? error.message : `${why} (${code})`, {
    cause: thrown,
  });
}

const OWN_AUTHORITY = 'If your own authority signed it, name its certificate in NODE_EXTRA_CA_CERTS';

const UNTRUSTED: ReadonlyMap<string, string> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', `its certificate is signed by nobody else. ${OWN_AUTHORITY}`],
  ['SELF_SIGNED_CERT_IN_CHAIN', `its certificate is signed by an unknown authority. ${OWN_AUTHORITY}`],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', `its certificate is signed by an unknown authority. ${OWN_AUTHORITY}`],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    `its certificate is signed by an unknown authority. ${OWN_AUTHORITY}`,
  ],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is made out to another name'],
  ['EPROTO', 'it does not speak TLS. Is it http?'],
]);

const UNREACHABLE: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ENOTFOUND', 'there is no such host'],
  ['EAI_AGAIN', 'its name could not be looked up'],
  ['ECONNRESET', 'the connection was cut'],
  ['EPIPE', 'the connection was cut'],
  ['ETIMEDOUT', 'it took too long'],
  ['EHOSTUNREACH', 'there is no way to it'],
  ['ENETUNREACH', 'there is no way to it'],
]);
