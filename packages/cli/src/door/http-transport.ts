import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { release } from '../release.ts';
import { errorOf, type Transport } from './api.ts';
import { proxyFor } from './proxy.ts';
import {
  connectionError,
  NotTsflowError,
  ServerNotTrustedError,
  ServerUnreachableError,
} from './server-errors.ts';

export interface HttpTransportOptions {
  /** Without a slash at its end. */
  readonly server: string;
  readonly token: string;
  readonly env: NodeJS.ProcessEnv;
  /** How long one answer may take. A server itself waits ten seconds for its scheduler. */
  readonly timeoutMs: number;
  /** Told once, of something worth knowing that is no error. */
  readonly note: (text: string) => void;
}

const PATIENCE_MS = 60_000;
const REPEAT_MS = 500;

/** Connections that are not used are closed sooner than a server does it (Node: 5 s): a request never meets one that is just closing. */
const IDLE_MS = 2_000;

/** Carries requests to a server, and its answers back; the token is shown to that address and to nobody else. */
export class HttpTransport implements Disposable {
  readonly #options: HttpTransportOptions;
  readonly #agent: HttpAgent;
  #serverRelease: string | null = null;
  #hasAnswered = false;
  #isMissed = false;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    const address = new URL(options.server);
    const proxy = proxyFor(address, options.env);
    const settings = { keepAlive: true, timeout: IDLE_MS };
    if (proxy !== null) this.#agent = new HttpsProxyAgent(proxy, settings);
    else this.#agent = address.protocol === 'https:' ? new HttpsAgent(settings) : new HttpAgent(settings);
  }

  /**
   * A server that has answered this command and is gone for a moment (it restarts, its proxy reloads) is asked again for a minute when
   * nothing is changed by that: what follows a run or a log goes on.
   */
  readonly send: Transport = async (request) => {
    const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
    const mayRepeat = request.method === 'GET' && this.#hasAnswered;
    for (const giveUpAt = performance.now() + PATIENCE_MS; ; ) {
      try {
        const answer = await this.#once(request, body);
        this.#hasAnswered = true;
        return answer;
      } catch (thrown) {
        const isGone = thrown instanceof ServerUnreachableError;
        if (!isGone || !mayRepeat || performance.now() > giveUpAt) throw thrown;
        if (!this.#isMissed) this.#options.note(`${thrown.message} Trying again for a while.`);
        this.#isMissed = true;
        await new Promise((resolve) => setTimeout(resolve, REPEAT_MS));
      }
    }
  };

  async #once(request: Request, body: Buffer | null): Promise<Response> {
    const { message, text } = await this.#exchange(request, body).catch((thrown: unknown) => {
      throw connectionError(this.#options.server, thrown);
    });
    this.#compareReleases(message);
    return this.#read(message, text);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #exchange(request: Request, body: Buffer | null): Promise<{ message: IncomingMessage; text: string }> {
    const { token, timeoutMs } = this.#options;
    const url = new URL(request.url);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const outgoing = send(url, {
        method: request.method,
        agent: this.#agent,
        headers: {
          ...Object.fromEntries(request.headers),
          accept: 'application/json',
          authorization: `Bearer ${token}`,
          'user-agent': `tsflow/${release()}`,
          ...(body === null ? {} : { 'content-length': body.length }),
        },
      });
      const late = Object.assign(new Error(`nothing came within ${timeoutMs / 1000} s`), {
        code: 'ETIMEDOUT',
      });
      const timer = setTimeout(() => outgoing.destroy(late), timeoutMs);
      const fail = (error: Error) => {
        clearTimeout(timer);
        reject(error);
      };
      outgoing.once('error', fail);
      outgoing.once('response', (message) => {
        const chunks: Buffer[] = [];
        message.on('data', (chunk: Buffer) => chunks.push(chunk));
        message.once('error', fail);
        message.once('end', () => {
          clearTimeout(timer);
          resolve({ message, text: Buffer.concat(chunks).toString('utf8') });
        });
      });
      outgoing.end(body ?? undefined);
    });
  }

  #read(message: IncomingMessage, text: string): Response {
    const { server } = this.#options;
    const status = message.statusCode ?? 0;
    if (status >= 300 && status < 400) throw redirected(server, message.headers.location);
    if (status === 204) return new Response(null, { status });
    const body = parsed(text);
    const error = status >= 400 ? errorOf(body) : null;
    if (body === undefined || (status >= 400 && error === null)) throw notOurs(server, message);
    if (error === null) return Response.json(body, { status });
    return Response.json({ error: { ...error, message: this.#inWords(error) } }, { status });
  }

  /** What the server says, with what it cannot know. */
  #inWords({ code, message }: { readonly code: string; readonly message: string }): string {
    const { server } = this.#options;
    if (code === 'unauthenticated') {
      return `${server} does not take this token: it is wrong, expired or revoked, or its account is disabled.`;
    }
    const theirs = this.#serverRelease;
    if (code === 'no_such_path' && theirs === null)
      return `${message} Is the base path of the server in ${server}?`;
    const isUnknown = code === 'no_such_path' || code === 'invalid_input';
    if (!isUnknown || theirs === null || theirs === release()) return message;
    return `${message} (The server is tsflow ${theirs}, this command ${release()}.)`;
  }

  #compareReleases({ headers }: IncomingMessage): void {
    const theirs = headers['tsflow-version'];
    if (typeof theirs !== 'string' || this.#serverRelease !== null) return;
    this.#serverRelease = theirs;
    if (series(theirs) !== series(release())) {
      this.#options.note(
        `warning: ${this.#options.server} is tsflow ${theirs}, this command ${release()}: what one of them does not know fails.`,
      );
    }
  }
}

/** Releases of one series (`1.2.x`) understand each other. */
const series = (version: string) => version.split('.').slice(0, 2).join('.');

function redirected(server: string, location: string | undefined): ServerNotTrustedError {
  const to =
    location !== undefined && URL.canParse(location, server) ? new URL(location, server).origin : 'elsewhere';
  return new ServerNotTrustedError(
    `${server} sends this on to ${to}. The token goes to the address that was given and nowhere else: if that is the right one, give it.`,
  );
}

function notOurs(server: string, { statusCode = 0, headers }: IncomingMessage) {
  if ([502, 503, 504].includes(statusCode)) {
    return new ServerUnreachableError(server, `the proxy in front of it says ${statusCode}`);
  }
  return new NotTsflowError(server, `${statusCode} ${headers['content-type'] ?? 'without a type'}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
