import { CompareAndSetError } from '../store-errors.ts';
import type { DagEffects, Turn, TurnResult } from '../turn.ts';
import { type CounterMove, counterMoves } from '../turn-counters.ts';
import type { SqliteConnections } from './sqlite-connections.ts';
import { TurnStatements } from './turn-statements.ts';

/**
 * Writes turns on SQLite: statements prepared once, bound row by row, synchronous inside one immediate transaction. This is the
 * hottest path of tsflow, hence past kysely.
 */
export class SqliteTurnWriter {
  readonly #connections: SqliteConnections;
  #statements: TurnStatements | null = null;

  constructor(connections: SqliteConnections) {
    this.#connections = connections;
  }

  /** Throws SQLITE_BUSY when another process writes; the caller holds the mutex and tries again. */
  write(turn: Turn): TurnResult {
    const connections = this.#connections;
    connections.beginNow();
    try {
      // Prepared at the first turn: an older schema has not all of the columns.
      this.#statements ??= new TurnStatements(connections.writer);
      const result = writeInside(this.#statements, turn);
      if (result.status === 'committed') connections.commit();
      else connections.rollback();
      return result;
    } catch (error) {
      connections.rollback();
      throw error;
    }
  }
}

function writeInside(statements: TurnStatements, turn: Turn): TurnResult {
  if (statements.fence.run([turn.turnMs, turn.schedulerId, turn.turn]) === 0) return { status: 'fenced' };
  const { held, lost } = divide(statements, turn);
  const counters = moveCounters(statements, counterMoves(turn, lost));
  if (counters.isRefused) return { status: 'counters_refused', counters: counters.used };
  for (const effects of held) writeEffects(statements, effects);
  return {
    status: 'committed',
    lostDags: lost.map((effects) => effects.dagId),
    counters: counters.used,
  };
}

/** One look at the leases for all DAGs of the turn. */
function divide(statements: TurnStatements, { schedulerId, dags }: Turn) {
  const dagIds = JSON.stringify(dags.map((effects) => effects.dagId));
  const epochs = new Map(statements.epochs.all([schedulerId, dagIds]).map((dag) => [dag.dag_id, dag.epoch]));
  const isHeld = ({ dagId, epoch }: DagEffects): boolean => epochs.get(dagId) === epoch;
  return { held: dags.filter(isHeld), lost: dags.filter((effects) => !isHeld(effects)) };
}

/** `used` is the use after the moves, or before them when one is refused. */
function moveCounters(
  statements: TurnStatements,
  moves: readonly CounterMove[],
): { isRefused: boolean; used: ReadonlyMap<string, number> } {
  const before = new Map(
    moves.map(({ name }) => [name, Number(statements.counterUse.all([name])[0]?.used ?? 0)]),
  );
  const isRefused = moves.some(
    ({ name, delta, limit }) => delta > 0 && limit !== null && before.get(name)! + delta > limit,
  );
  if (isRefused) return { isRefused, used: before };
  for (const { name, delta } of moves) if (delta !== 0) statements.counterMove.run([name, delta]);
  return { isRefused, used: new Map(moves.map(({ name, delta }) => [name, before.get(name)! + delta])) };
}

function writeEffects(statements: TurnStatements, effects: DagEffects): void {
  changeDag(statements, effects);
  statements.backfills.writeAll(effects.backfillsInserted);
  statements.backfillUpdates.writeAll(effects.backfillsUpdated);
  statements.runs.writeAll(effects.runsInserted);
  statements.runUpdates.writeAll(effects.runsUpdated);
  // Paths that become free first, then those that are taken.
  statements.taskMoves.writeAll(effects.tasksMoved);
  statements.tasks.writeAll(effects.tasksInserted);
  statements.taskUpdates.writeAll(effects.tasksUpdated);
  statements.taskNames.writeAll(effects.tasksNamed);
  statements.groupTries.writeAll(effects.groupTries);
  statements.attempts.writeAll(effects.attemptsInserted);
  statements.attemptUpdates.writeAll(effects.attemptsUpdated);
  statements.xcoms.writeAll(effects.xcoms);
  statements.events.writeAll(effects.events);
  statements.decidedIntents.writeAll(effects.intentsDecided);
  statements.intents.writeAll(effects.intentsSent);
  statements.callbacks.writeAll(effects.callbacksInserted);
  statements.callbackUpdates.writeAll(effects.callbacksUpdated);
  statements.deadlineMisses.writeAll(effects.deadlinesMissed);
  statements.assetEvents.writeAll(effects.assetEvents);
  statements.assetArrivals.writeAll(effects.assetArrivals);
  statements.alerts.writeAll(effects.alerts);
}

function changeDag(statements: TurnStatements, { dagId, dag }: DagEffects): void {
  if (dag?.isPaused !== undefined) statements.pause.run([dag.isPaused ? 1 : 0, dagId]);
  if (dag?.skipUntil !== undefined) statements.skip.run([dag.skipUntil, dagId]);
  if (dag?.mark === undefined) return;
  const { from, to, version, nextTick } = dag.mark;
  if (statements.mark.run([to, version, nextTick, dagId, from]) === 1) return;
  const found = statements.markOf.all([dagId])[0];
  throw new CompareAndSetError(
    'dag',
    dagId,
    `mark ${from}`,
    found === undefined ? null : `mark ${found.mark}`,
  );
}
