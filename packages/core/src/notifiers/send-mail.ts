import type { ConnectionReader } from '../connections/connection.ts';
import { errorMessage, TsflowError } from '../errors.ts';

export interface Mail {
  readonly to: string | readonly string[];
  readonly cc?: string | readonly string[] | undefined;
  /** Default: the connection's extra `from`, else its login. */
  readonly from?: string | undefined;
  readonly subject: string;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  readonly messageId?: string | undefined;
  /** Default `smtp_default`. */
  readonly connectionId?: string | undefined;
}

/** Thrown when a mail could not be handed to the mail server, or the library for it is not installed. */
export class MailFailedError extends TsflowError {
  constructor(message: string, options?: ErrorOptions) {
    super('mail_failed', message, options);
  }
}

/** What tsflow uses of nodemailer. */
interface Mailer {
  createTransport(options: object): {
    sendMail(mail: object): Promise<{ readonly messageId: string; readonly accepted: readonly unknown[] }>;
    close(): void;
  };
}

const TIMEOUT_MS = 30_000;

/** Hands a mail to the server of the connection; returns its Message-ID. Throws {@link MailFailedError}. */
export async function sendMail(connections: ConnectionReader, mail: Mail): Promise<string> {
  const { connectionId = 'smtp_default', messageId, subject, text, html } = mail;
  const { host, port, login, password, extra } = await connections.get(connectionId);
  const secure = extra.tls === true || extra.tls === 'true' || port === 465;
  const from = mail.from ?? (typeof extra.from === 'string' ? extra.from : login);
  if (from === null) {
    throw new MailFailedError(
      `Nobody sends it: give "from", or an extra "from" to connection "${connectionId}".`,
    );
  }
  const mailer = (await loadMailer()).createTransport({
    host: host ?? 'localhost',
    port: port ?? (secure ? 465 : 25),
    secure,
    ...(login === null ? {} : { auth: { user: login, pass: password ?? '' } }),
    connectionTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  });
  try {
    const lists = { to: listOf(mail.to), ...(mail.cc === undefined ? {} : { cc: listOf(mail.cc) }) };
    const sent = await mailer.sendMail({ from, ...lists, subject, text, html, messageId });
    return sent.messageId;
  } catch (error) {
    throw new MailFailedError(`${host ?? 'localhost'} did not take the mail: ${errorMessage(error)}.`, {
      cause: error,
    });
  } finally {
    mailer.close();
  }
}

const listOf = (addresses: string | readonly string[]): string[] => [addresses].flat() as string[];

/** Loaded with the first mail. By a name that is not a literal, so that a bundle of a DAG file does not ask for it. */
async function loadMailer(): Promise<Mailer> {
  const library = 'nodemailer';
  try {
    const { default: mailer } = (await import(library)) as { default: Mailer };
    return mailer;
  } catch (error) {
    throw new MailFailedError('Mails need the package nodemailer: npm install nodemailer.', { cause: error });
  }
}
