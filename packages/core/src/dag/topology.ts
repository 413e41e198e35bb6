/** A graph of tasks by name, edges by direct upstream. */
export type Upstream = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The keys of `upstream` so that everything comes after what it waits for (Kahn's algorithm, ties by the order of the map), or
 * null when there is a cycle.
 */
export function topologicalOrder(upstream: Upstream): readonly string[] | null {
  const waitsFor = new Map<string, number>();
  const downstream = invert(upstream);
  const rank = new Map([...upstream.keys()].map((id, i) => [id, i]));
  const ready = new RankedQueue((id: string) => rank.get(id)!);
  for (const [id, before] of upstream) {
    waitsFor.set(id, before.size);
    if (before.size === 0) ready.push(id);
  }
  const order: string[] = [];
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    order.push(id);
    for (const after of downstream.get(id)!) {
      const left = waitsFor.get(after)! - 1;
      waitsFor.set(after, left);
      if (left === 0) ready.push(after);
    }
  }
  return order.length === upstream.size ? order : null;
}

/** A cycle of the graph, its first member repeated at the end; null when there is none. */
export function findCycle(upstream: Upstream): readonly string[] | null {
  const downstream = invert(upstream);
  const done = new Set<string>();
  for (const start of upstream.keys()) {
    // Depth first with a stack of our own: a chain of tens of thousands of tasks must not overflow the real one.
    const path: { readonly id: string; readonly rest: Iterator<string> }[] = [];
    const onPath = new Set<string>();
    const enter = (id: string) => {
      path.push({ id, rest: downstream.get(id)![Symbol.iterator]() });
      onPath.add(id);
    };
    if (!done.has(start)) enter(start);
    while (path.length > 0) {
      const { id, rest } = path.at(-1)!;
      const next = rest.next();
      if (next.done === true) {
        path.pop();
        onPath.delete(id);
        done.add(id);
      } else if (onPath.has(next.value)) {
        const ids = path.map((step) => step.id);
        return [...ids.slice(ids.indexOf(next.value)), next.value];
      } else if (!done.has(next.value)) {
        enter(next.value);
      }
    }
  }
  return null;
}

/** Direct downstream of each key, in the order of the map. */
export function invert(upstream: Upstream): Map<string, Set<string>> {
  const downstream = new Map([...upstream.keys()].map((id) => [id, new Set<string>()]));
  for (const [id, before] of upstream) for (const other of before) downstream.get(other)?.add(id);
  return downstream;
}

/** A binary heap: the smallest rank comes first. */
class RankedQueue {
  readonly #rank: (id: string) => number;
  readonly #heap: string[] = [];

  constructor(rank: (id: string) => number) {
    this.#rank = rank;
  }

  push(id: string): void {
    let at = this.#heap.push(id) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfLess(at, parent)) return;
      at = parent;
    }
  }

  pop(): string | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (this.#heap.length === 0 || last === undefined) return first;
    this.#heap[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      if (left >= this.#heap.length) return first;
      const child = right < this.#heap.length && this.#less(right, left) ? right : left;
      if (!this.#swapIfLess(child, at)) return first;
      at = child;
    }
  }

  #less(a: number, b: number): boolean {
    return this.#rank(this.#heap[a]!) < this.#rank(this.#heap[b]!);
  }

  #swapIfLess(a: number, b: number): boolean {
    if (!this.#less(a, b)) return false;
    [this.#heap[a], this.#heap[b]] = [this.#heap[b]!, this.#heap[a]!];
    return true;
  }
}
