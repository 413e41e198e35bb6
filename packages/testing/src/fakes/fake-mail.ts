import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { FakeConnection, OpenFake } from './fake-connection.ts';
import { readMail } from './mail-text.ts';

/** One mail that a {@link FakeMail} was handed. */
export interface SentMail {
  /** The sender. */
  readonly from: string;
  /** Everybody it goes to, also by `cc`. */
  readonly to: readonly string[];
  /** Decoded. */
  readonly subject: string;
  /** The plain text; null: it has none. */
  readonly text: string | null;
  /** The HTML; null: it has none. */
  readonly html: string | null;
  /** The same for a mail that is sent again. */
  readonly messageId: string;
}

/** Options of {@link fakeMail}. */
export interface FakeMailOptions {
  /** Who mails are from that say nothing of it. Default `tsflow@example.com`. */
  readonly from?: string;
  /** Says why a mail is not taken, as a mail server does: `'451 try later'`. Null: it is taken. Default: all are. */
  readonly refuses?: (mail: SentMail) => string | null;
}

/** The mail server of a test. Made by {@link fakeMail}. */
export class FakeMail implements FakeConnection {
  /** Every mail that was taken so far, in order. */
  readonly sent: SentMail[] = [];
  readonly #from: string;
  readonly #refuses: (mail: SentMail) => string | null;

  constructor({ from = 'tsflow@example.com', refuses = () => null }: FakeMailOptions) {
    this.#from = from;
    this.#refuses = refuses;
  }

  async open(): Promise<OpenFake> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined); // The task was ended while it sent.
      void this.#converse(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      connection: { type: 'smtp', host: '127.0.0.1', port, extra: { from: this.#from } },
      async close() {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  /** SMTP as far as a mailer needs it that has no login (RFC 5321). */
  async #converse(socket: Socket): Promise<void> {
    const say = (line: string) => socket.write(`${line}\r\n`);
    let from = '';
    let to: string[] = [];
    let data: string[] | null = null;
    say('220 fake');
    for await (const line of createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (data !== null) {
        if (line !== '.') data.push(line.replace(/^\./, ''));
        else {
          say(this.#take(from, to, data.join('\r\n')));
          data = null;
        }
        continue;
      }
      const [word = ''] = line.toUpperCase().split(/[ :]/);
      const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
      if (word === 'MAIL') [from, to] = [address, []];
      if (word === 'RCPT') to.push(address);
      if (word === 'DATA') data = [];
      if (word === 'QUIT') {
        socket.end('221 bye\r\n');
        return;
      }
      say(word === 'DATA' ? '354 go on' : '250 ok');
    }
  }

  #take(from: string, to: readonly string[], source: string): string {
    const { headers, text, html } = readMail(source);
    const { subject = '', 'message-id': messageId = '' } = headers;
    const mail = { from, to, subject, text, html, messageId };
    const refusal = this.#refuses(mail);
    if (refusal !== null) return refusal;
    this.sent.push(mail);
    return '250 taken';
  }
}

/**
 * A mail server for a connection of the test; it takes what `EmailOperator` and the notifier `email` send.
 *
 * ```ts
 * const mail = fakeMail();
 * await runDag(dag, { connections: { smtp_default: mail } });
 * expect(mail.sent).toMatchObject([{ to: ['ann@example.com'], subject: 'Report of 2026-03-01' }]);
 * ```
 */
export function fakeMail(options: FakeMailOptions = {}): FakeMail {
  return new FakeMail(options);
}
