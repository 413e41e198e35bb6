import type { AddressInfo, Server } from 'node:net';

export interface ReceivedMail {
  readonly user: string | null;
  readonly to: readonly string[];
  /** Headers and text, as they went over the wire. */
  readonly source: string;
}

/** A real mail server that keeps what it was handed; it knows the login ann with the password s3cret-mail. */
export async function mailReceiver() {
  const received: ReceivedMail[] = [];
  // By a name that is no literal: whoever has not installed it yet can still check types.
  const library = 'smtp-server';
  const { SMTPServer } = (await import(library)) as MailLibrary;
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth(
      auth: Credentials,
      _session: unknown,
      done: (error: Error | null, who?: { user: string }) => void,
    ) {
      if (auth.username === 'ann' && auth.password === 's3cret-mail') done(null, { user: 'ann' });
      else done(new Error('who is that?'));
    },
    onData(stream: AsyncIterable<Buffer>, session: Session, done: (error?: Error) => void) {
      void (async () => {
        let source = '';
        for await (const chunk of stream) source += chunk.toString();
        received.push({
          user: session.user ?? null,
          to: session.envelope.rcptTo.map(({ address }) => address),
          source,
        });
        done();
      })();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    received,
    port,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
}

interface MailLibrary {
  readonly SMTPServer: new (
    options: object,
  ) => {
    readonly server: Server;
    listen(port: number, host: string, done: () => void): void;
    close(done: () => void): void;
  };
}

interface Credentials {
  readonly username: string;
  readonly password: string;
}

interface Session {
  readonly user?: string;
  readonly envelope: { readonly rcptTo: readonly { readonly address: string }[] };
}
