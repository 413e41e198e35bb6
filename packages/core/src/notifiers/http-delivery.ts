import { TsflowError } from '../errors.ts';

export interface Delivery {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How often it is tried again after a network error, 408, 429 or 5xx. */
  readonly retries: number;
  readonly signal: AbortSignal;
}

/** Thrown when a message was not taken, also after its retries. Names the host alone: the rest of a webhook's address is a secret. */
export class DeliveryFailedError extends TsflowError {
  /** Who was to be told. The path, which may hold a secret, is left out. */
  readonly host: string;
  /** HTTP status of the last answer; null: there was none. */
  readonly status: number | null;

  constructor(host: string, status: number | null, why: string, cause?: unknown) {
    super('delivery_failed', `${host} did not take the message: ${why}.`, { cause });
    this.host = host;
    this.status = status;
  }
}

const ANSWER_TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 500;

/** Posts a message, again after a growing pause while that may help. Throws {@link DeliveryFailedError}. */
export async function deliver(delivery: Delivery): Promise<void> {
  for (let tries = 0; ; tries++) {
    const failure = await post(delivery);
    if (failure === null) return;
    const mayHelp = failure.status === null || failure.status >= 500 || [408, 429].includes(failure.status);
    if (!mayHelp || tries >= delivery.retries || delivery.signal.aborted) throw failure;
    await pause(FIRST_PAUSE_MS * 2 ** tries, delivery.signal);
  }
}

async function post({ url, headers, body, signal }: Delivery): Promise<DeliveryFailedError | null> {
  const { host } = new URL(url);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body,
      // A webhook that answers with another address is misconfigured, and what it would be given is not meant for that one.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    });
    const said = (await answer.text()).slice(0, 200);
    if (answer.ok) return null;
    return new DeliveryFailedError(
      host,
      answer.status,
      `it answered ${answer.status}${said === '' ? '' : ` ${said}`}`,
    );
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return new DeliveryFailedError(host, null, cause instanceof Error ? cause.message : String(cause), error);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
