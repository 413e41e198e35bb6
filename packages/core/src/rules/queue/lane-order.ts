import type { InstanceWork } from '../work/work.ts';
import { Heap } from './heap.ts';
import { compareWithinDag, type Lane, weightOf } from './lane.ts';

/** Where a lane stands: by the head, and its weight, that it had when it got there. */
export interface Place {
  readonly lane: Lane;
  readonly head: InstanceWork;
  readonly weight: number;
}

/**
 * Lanes in the order in which they go: by weight; among equal weights the DAG whose last turn is longest ago; of a DAG the lane with the
 * earliest head.
 *
 *     weight 9:  sales > stock > …
 *                  |       |
 *                lanes   lanes
 *
 * Places are never taken out of the middle: one that its lane has left is dropped when it comes to the front.
 */
export class LaneOrder {
  readonly #turns: Turns;
  readonly #lines = new Map<number, Line>();
  readonly #weights = new Heap<Line>((a, b) => b.weight - a.weight);

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Gives a lane the place of its head. The one that it had, here or in another order, goes stale. */
  put(lane: Lane, head: InstanceWork): void {
    const place = { lane, head, weight: weightOf(head) };
    lane.order = this;
    lane.place = place;
    let line = this.#lines.get(place.weight);
    if (line === undefined) {
      line = { weight: place.weight, dags: new Map(), order: new Heap((a, b) => a.last - b.last) };
      this.#lines.set(line.weight, line);
      this.#weights.push(line);
    }
    let dag = line.dags.get(lane.dagId);
    if (dag === undefined) {
      const last = this.#turns.last(place.weight, lane.dagId);
      dag = { dagId: lane.dagId, places: new Heap((a, b) => compareWithinDag(a.head, b.head)), last };
      line.dags.set(lane.dagId, dag);
      line.order.push(dag);
    }
    dag.places.push(place);
  }

  /** Who goes first, and stays where it is: a DAG keeps its turn while lanes of it are blocked. */
  first(): Place | undefined {
    for (let line = this.#weights.peek(); line !== undefined; line = this.#weights.peek()) {
      for (let dag = line.order.peek(); dag !== undefined; dag = line.order.peek()) {
        const place = firstThatStands(dag.places);
        const last = this.#turns.last(line.weight, dag.dagId);
        if (place !== undefined && dag.last === last) return place;
        line.order.pop();
        if (place === undefined) {
          line.dags.delete(dag.dagId);
        } else {
          // It had a turn meanwhile, perhaps through another order. Turns only grow, so whoever is in front now is really the first.
          dag.last = last;
          line.order.push(dag);
        }
      }
      this.#weights.pop();
      this.#lines.delete(line.weight);
    }
    return undefined;
  }
}

/** When each DAG had its last turn at a weight, over all orders: a number that grows with each turn; 0: never. */
export class Turns {
  #count = 0;
  readonly #last = new Map<number, Map<string, number>>();

  last(weight: number, dagId: string): number {
    return this.#last.get(weight)?.get(dagId) ?? 0;
  }

  /** The DAG goes behind all others of the weight. */
  end({ weight, lane }: Place): void {
    let ofWeight = this.#last.get(weight);
    if (ofWeight === undefined) {
      ofWeight = new Map();
      this.#last.set(weight, ofWeight);
    }
    this.#count += 1;
    ofWeight.set(lane.dagId, this.#count);
  }

  /** Less than 0: `a` goes before `b`, wherever they stand. */
  compare(a: Place, b: Place): number {
    return (
      b.weight - a.weight ||
      this.last(a.weight, a.lane.dagId) - this.last(b.weight, b.lane.dagId) ||
      compareWithinDag(a.head, b.head)
    );
  }

  forget(dagId: string): void {
    for (const [weight, ofWeight] of this.#last) {
      if (ofWeight.delete(dagId) && ofWeight.size === 0) this.#last.delete(weight);
    }
  }
}

/** Everything of one weight. */
interface Line {
  readonly weight: number;
  readonly dags: Map<string, DagInLine>;
  readonly order: Heap<DagInLine>;
}

interface DagInLine {
  readonly dagId: string;
  readonly places: Heap<Place>;
  /** Its last turn when it got its place in the line. */
  last: number;
}

function firstThatStands(places: Heap<Place>): Place | undefined {
  for (let place = places.peek(); place !== undefined; place = places.peek()) {
    if (place.lane.place === place) return place;
    places.pop();
  }
  return undefined;
}
