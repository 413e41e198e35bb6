import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Clock, systemClock } from '../clock.ts';
import type { Intent } from '../intents/index.ts';
import type { Json } from '../json.ts';
import { askedKey } from '../rules/index.ts';
import type { PingMessage, PingReply } from './ping.ts';
import type { Store } from './store.ts';
import type { SchedulerTable } from './tables.ts';

export interface DagRequest {
  readonly dagId: string;
  readonly intent: Intent;
  /** A user's name, or `cli:<os user>`. */
  readonly actor: string;
  /** The same key again asks for nothing new: the first answer comes back. None that a scheduler or a task uses can be hit by it. */
  readonly idempotencyKey?: string;
}

export interface DagAnswer {
  /** Of the intent. */
  readonly id: number;
  /** `pending`: no scheduler decided in time, or none runs; the intent waits in the database. */
  readonly state: 'pending' | 'applied' | 'refused';
  /** What was done, or `{ "error": SerializedError }`. */
  readonly result: Json | null;
  /** Whether a living scheduler was there to decide. */
  readonly isAnybodyThere: boolean;
}

/** A scheduler whose beat is older than its lease is taken for dead here: nobody waits for it. */
const DEAD_AFTER_MS = 30_000;
const FIRST_POLL_MS = 5;
const MAX_POLL_MS = 100;

/**
 * Asks something of a DAG and waits until the scheduler that holds it has decided, at most `timeoutMs` (10 s). The intent is kept in any
 * case; without a living scheduler the answer is `pending` at once. Throws `NotFoundError` when there is no such DAG.
 */
export async function askDag(
  store: Store,
  { dagId, intent, actor, idempotencyKey }: DagRequest,
  { timeoutMs = 10_000, clock = systemClock }: { timeoutMs?: number; clock?: Clock } = {},
): Promise<DagAnswer> {
  const id = await store.intents.submit({
    dagId,
    kind: intent.kind,
    payload: JSON.stringify(intent.payload),
    actor,
    requestedAt: clock.now(),
    idempotencyKey: idempotencyKey === undefined ? null : askedKey(idempotencyKey),
  });
  const schedulers = await livingSchedulers(store, clock);
  const isAnybodyThere = schedulers.length > 0;
  const answer = isAnybodyThere
    ? await waitForDecision(store, id, schedulers, timeoutMs, clock)
    : await readAnswer(store, id);
  return { ...answer, isAnybodyThere };
}

/** Tells the schedulers that something in the database changed, so that they look now instead of at their next poll. */
export async function wakeSchedulers(
  store: Store,
  reason: Extract<PingMessage, { verb: 'ping' }>['reason'],
): Promise<void> {
  await store.notify(
    reason === 'intents' ? 'tsflow_intent' : 'tsflow_wake',
    reason === 'intents' ? '' : reason,
  );
}

/** Schedulers whose beat is recent: those that can be waited for. */
export async function livingSchedulers(store: Store, clock: Clock): Promise<readonly SchedulerTable[]> {
  const schedulers = await store.leases.living();
  return schedulers.filter(({ beatAt }) => clock.now() - beatAt <= DEAD_AFTER_MS);
}

/** Polls with growing delay; a scheduler on this machine says so on its socket at once, which cuts the delay. */
async function waitForDecision(
  store: Store,
  id: number,
  schedulers: readonly SchedulerTable[],
  timeoutMs: number,
  clock: Clock,
): Promise<Decision> {
  const deadline = clock.monotonic() + timeoutMs;
  const bell = new Bell(clock);
  const sockets = store.dialect === 'sqlite' ? schedulers.flatMap((of) => awaitOnSocket(of, id, bell)) : [];
  try {
    for (let delayMs = FIRST_POLL_MS; ; delayMs = Math.min(delayMs * 2, MAX_POLL_MS)) {
      const answer = await readAnswer(store, id);
      const leftMs = deadline - clock.monotonic();
      if (answer.state !== 'pending' || leftMs <= 0) return answer;
      await bell.wait(Math.min(delayMs, leftMs));
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

type Decision = Omit<DagAnswer, 'isAnybodyThere'>;

async function readAnswer(store: Store, id: number): Promise<Decision> {
  const intent = await store.intents.get(id);
  return {
    id,
    state: (intent?.state ?? 'pending') as DagAnswer['state'],
    result: intent?.result == null ? null : (JSON.parse(intent.result) as Json),
  };
}

function awaitOnSocket({ socketPath }: SchedulerTable, intentId: number, bell: Bell): Socket[] {
  if (socketPath === null) return [];
  const message: PingMessage = { verb: 'await_intent', intentId };
  const socket = connect(socketPath);
  // Dead or deaf: polling finds the decision all the same.
  socket.on('error', () => undefined);
  socket.write(`${JSON.stringify(message)}\n`);
  const lines = createInterface({ input: socket });
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    if (isDecision(line, intentId)) bell.ring();
  });
  return [socket];
}

function isDecision(line: string, intentId: number): boolean {
  try {
    const reply = JSON.parse(line) as PingReply;
    return reply.verb === 'intent_decided' && reply.intentId === intentId;
  } catch {
    return false;
  }
}

/** A wait that can be cut short. A ring before the wait counts. */
class Bell {
  readonly #clock: Clock;
  #rang = false;
  #wake: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rang = true;
    this.#wake?.();
  }

  async wait(ms: number): Promise<void> {
    if (!this.#rang) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.setTimer(ms, resolve);
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
      this.#wake = null;
    }
    this.#rang = false;
  }
}
