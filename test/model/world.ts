import { Auditor, Violation } from './auditor.ts';
import type { Checks } from './checks.ts';
import { Database, type Turn } from './database.ts';
import { LAST_SLOT } from './decision.ts';
import { Host, type Runner } from './host.ts';
import { type Ask, isFinished } from './rows.ts';
import { HEARTBEAT, type Outside, Scheduler } from './scheduler.ts';
import type { HostName, Step } from './steps.ts';

const DAGS = ['one', 'two'];
const SECONDS_PER_SLOT = 20;
const CALM_ROUNDS = 120;
const SECONDS_PER_ROUND = 3;

interface PersonsAsk {
  readonly id: number;
  readonly dagId: string;
  readonly ask: Ask;
  isAnswered: boolean;
}

/**
 * Two hosts with a scheduler each, one database, people, and all that can go wrong between them. `play` takes one step of a history; `calm` ends
 * the faults and sees that everything comes to rest. Both throw a {@link Violation} when an invariant does not hold.
 */
export class World {
  readonly #checks: Checks;
  readonly #db: Database;
  readonly #hosts: Readonly<Record<HostName, Host>>;
  readonly #schedulers: Record<HostName, Scheduler | null> = { A: null, B: null };
  readonly #auditor: Auditor;
  readonly #asks: PersonsAsk[] = [];
  readonly #late: Turn[] = [];
  #now = 0;
  #lives = 0;

  constructor(checks: Checks) {
    this.#checks = checks;
    this.#db = new Database(checks, DAGS);
    const now = () => this.#now;
    this.#hosts = { A: new Host('A', checks, now), B: new Host('B', checks, now) };
    this.#auditor = new Auditor(this.#db, Object.values(this.#hosts));
    this.#restart('A');
    this.#restart('B');
  }

  play(step: Step): void {
    this.#take(step);
    this.#endThoseWhoStop();
    this.#auditor.check();
  }

  /** No more faults; people unpause their DAGs and repeat what they got no answer to; tasks succeed. */
  calm(): void {
    for (const turn of this.#late.splice(0)) this.#db.commit(turn);
    for (const name of ['A', 'B'] as const) if (this.#schedulers[name] === null) this.#restart(name);
    this.play({ do: 'ask again' });
    for (const dagId of DAGS) this.#ask(dagId, { kind: 'pause', isPaused: false }, false);
    for (let round = 0; round < CALM_ROUNDS && !this.#isAtRest(); round++) {
      this.#now += SECONDS_PER_ROUND;
      for (const name of ['A', 'B'] as const) {
        if (this.#schedulers[name] === null) this.#restart(name);
        this.play({ do: 'whole turn', host: name });
      }
      for (const runner of this.#busyRunners()) this.#finish(runner, 'success');
    }
    const unrest = this.#unrest();
    if (unrest !== null) throw new Violation('converges', unrest);
  }

  #take(step: Step): void {
    switch (step.do) {
      case 'time passes':
        this.#now += step.seconds;
        return;
      case 'beat':
        return this.#schedulers[step.host]?.beat(step.isReplyLost);
      case 'watch':
        return this.#schedulers[step.host]?.watch();
      case 'acquire':
        return this.#schedulers[step.host]?.acquire();
      case 'decide':
        return this.#schedulers[step.host]?.decide();
      case 'commit':
        return this.#schedulers[step.host]?.commit(step.fault);
      case 'reread':
        return this.#schedulers[step.host]?.reread();
      case 'tell one':
        return this.#schedulers[step.host]?.tell();
      case 'supervise':
        return this.#schedulers[step.host]?.supervise(step.isReplyLost);
      case 'release':
        return this.#schedulers[step.host]?.release(DAGS[step.dag % DAGS.length]!);
      case 'turn untold':
        return this.#inTurn(step.host, (scheduler) => [
          () => scheduler.beat(false),
          () => scheduler.decide(),
          () => scheduler.commit('none'),
        ]);
      case 'whole turn':
        return this.#wholeTurn(step.host);
      case 'runner ends':
      case 'runner dies':
        return this.#runner(step);
      case 'trigger':
        return this.#ask(DAGS[step.dag % DAGS.length]!, { kind: 'trigger' }, step.isReplyLost);
      case 'pause':
      case 'unpause':
        return this.#ask(
          DAGS[step.dag % DAGS.length]!,
          { kind: 'pause', isPaused: step.do === 'pause' },
          false,
        );
      case 'clear':
      case 'kill':
        return this.#askAboutTask(step.do, step.task);
      case 'ask again':
        for (const ask of this.#asks.filter(({ isAnswered }) => !isAnswered)) this.#submit(ask);
        return;
      case 'late commit arrives': {
        const turn = this.#late.shift();
        if (turn !== undefined) this.#db.commit(turn);
        return;
      }
      case 'crash':
        return this.#crash(step.host);
      case 'restart':
        if (this.#schedulers[step.host] === null) this.#restart(step.host);
        return;
      case 'stand still':
        return this.#without(step.host, step.seconds);
      case 'suspend A':
        this.#hosts.A.suspended += step.seconds;
        return this.#without('A', step.seconds);
      case 'set clock of B':
        this.#hosts.B.wallAhead = step.ahead;
        return;
    }
  }

  // --- schedulers ------------------------------------------------------------------------------------------------------------------

  #wholeTurn(name: HostName): void {
    this.#inTurn(name, (scheduler) => [
      () => scheduler.reread(),
      () => scheduler.commit('none'),
      () => this.#tellAll(scheduler),
      () => scheduler.beat(false),
      () => scheduler.watch(),
      () => scheduler.acquire(),
      () => scheduler.supervise(false),
      () => scheduler.decide(),
      () => scheduler.commit('none'),
      () => this.#tellAll(scheduler),
    ]);
  }

  /** One piece after the other, as long as the scheduler is up. */
  #inTurn(name: HostName, pieces: (scheduler: Scheduler) => readonly (() => void)[]): void {
    const scheduler = this.#schedulers[name];
    if (scheduler === null) return;
    for (const piece of pieces(scheduler)) if (scheduler.isUp) piece();
  }

  #tellAll(scheduler: Scheduler): void {
    while (scheduler.hasToTell) scheduler.tell();
  }

  /** Time passes, and only the other host notices. */
  #without(name: HostName, seconds: number): void {
    const other = name === 'A' ? 'B' : 'A';
    for (let passed = 0; passed < seconds; passed += HEARTBEAT / 2) {
      this.#now += Math.min(HEARTBEAT / 2, seconds - passed);
      this.play({ do: 'whole turn', host: other });
    }
  }

  #restart(name: HostName): void {
    const host = this.#hosts[name];
    const outside: Outside = {
      db: this.#db,
      host,
      now: () => this.#now,
      dueSlot: () => Math.floor(this.#now / SECONDS_PER_SLOT),
      startRunner: (at, grant) => {
        this.#auditor.checkStart(grant);
        at.start(grant);
      },
      answerRunner: (at, answer) => {
        this.#auditor.checkAcknowledged(answer);
        at.answer(answer);
      },
      delay: (turn) => this.#late.push(turn),
    };
    this.#lives += 1;
    const id = `${name}${this.#lives}`;
    host.schedulerBegan(id);
    this.#schedulers[name] = new Scheduler(id, this.#checks, outside);
  }

  #crash(name: HostName): void {
    const scheduler = this.#schedulers[name];
    if (scheduler === null) return;
    this.#schedulers[name] = null;
    this.#hosts[name].schedulerGone(scheduler.id);
  }

  #endThoseWhoStop(): void {
    for (const name of ['A', 'B'] as const) if (this.#schedulers[name]?.isUp === false) this.#crash(name);
  }

  // --- processes ---------------------------------------------------------------------------------------------------------------------

  #runner(step: Step & { readonly do: 'runner ends' | 'runner dies' }): void {
    const busy = this.#busyRunners();
    const runner = busy[step.runner % busy.length];
    if (runner === undefined) return;
    if (step.do === 'runner ends') this.#finish(runner, step.outcome);
    else this.#hostOf(runner).kill(runner);
  }

  #finish(runner: Runner, outcome: Parameters<Host['finish']>[1]): void {
    const host = this.#hostOf(runner);
    host.finish(runner, outcome, this.#schedulers[host.name as HostName] !== null);
  }

  #busyRunners(): Runner[] {
    return Object.values(this.#hosts).flatMap(({ runners }) =>
      runners.filter(({ isAlive, finished }) => isAlive && finished === null),
    );
  }

  #hostOf(runner: Runner): Host {
    return Object.values(this.#hosts).find(({ runners }) => runners.includes(runner))!;
  }

  // --- people ------------------------------------------------------------------------------------------------------------------------

  #askAboutTask(kind: 'clear' | 'kill', pick: number): void {
    const tasks = [...this.#db.tasks.values()];
    const task = tasks[pick % tasks.length];
    if (task !== undefined) this.#ask(task.dagId, { kind, taskKey: task.key }, false);
  }

  /** The reply of an insert may be lost: then the person's door asks again, with the same key. */
  #ask(dagId: string, ask: Ask, isReplyLost: boolean): void {
    const asked = { id: this.#asks.length, dagId, ask, isAnswered: false };
    this.#asks.push(asked);
    this.#submit(asked);
    asked.isAnswered = !isReplyLost;
  }

  /** Writes the intent. The wake of its holder is lost on the way when the ask has an odd number. */
  #submit(asked: PersonsAsk): void {
    this.#db.submit(asked.dagId, `ask:${asked.id}`, asked.id, asked.ask);
    asked.isAnswered = true;
    if (asked.id % 2 === 1) return;
    for (const scheduler of Object.values(this.#schedulers)) {
      if (scheduler?.held.has(asked.dagId)) scheduler.isWoken = true;
    }
  }

  // --- rest --------------------------------------------------------------------------------------------------------------------------

  #isAtRest(): boolean {
    return this.#unrest() === null;
  }

  /** What is not done yet, in words; null when everything is. */
  #unrest(): string | null {
    const { tasks, intents, dags, slotsUsed } = this.#db;
    const open = [...tasks.values()].find((task) => !isFinished(task.state));
    if (open !== undefined) return `task ${open.key} is ${open.state}`;
    const pending = intents.find((intent) => !intent.isDecided);
    if (pending !== undefined) return `intent ${pending.id} (${pending.ask.kind}) was never decided`;
    for (const { dagId } of dags.values()) {
      const slots = [...tasks.values()].filter((task) => task.dagId === dagId && task.slot !== null);
      if (slots.length !== LAST_SLOT) return `DAG ${dagId} has ${slots.length} of ${LAST_SLOT} slots`;
    }
    const triggers = this.#asks.filter(({ ask }) => ask.kind === 'trigger').length;
    const triggered = [...tasks.values()].filter((task) => task.ask !== null).length;
    if (triggered !== triggers) return `${triggers} triggers made ${triggered} runs`;
    if (slotsUsed !== 0) return `nothing runs, and ${slotsUsed} slots are in use`;
    return this.#busyRunners().length > 0 ? 'a process runs on' : null;
  }
}
