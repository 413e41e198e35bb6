import { failpoint } from '@tsflow/core/failpoint';
import type { CallbackWork } from '@tsflow/core/rules';
import type { Executor } from '../../executors/executor.ts';
import type { World } from '../held/world.ts';
import { callbackWorkload } from './callback-workload.ts';
import { type Admission, type Ungrantable, workloads } from './grants.ts';

/** Whether this scheduler may hand out anything at this moment. */
interface GrantingLease {
  readonly mayGrant: boolean;
}

/**
 * What is committed and not handed out yet: admitted attempts, claims that no runner took, callbacks. Something leaves only when it is
 * handed out, so that neither a turn that fails nor a lease that has to be renewed first loses any of it.
 */
export class PendingGrants {
  readonly #world: World;
  readonly #lease: GrantingLease;
  readonly #onUngrantable: (ungrantable: Ungrantable) => void;
  readonly #admissions = new Set<Admission>();
  readonly #callbacks = new Set<CallbackWork>();

  /** @param onUngrantable told of each attempt that fails instead of being handed out */
  constructor(world: World, lease: GrantingLease, onUngrantable: (ungrantable: Ungrantable) => void) {
    this.#onUngrantable = onUngrantable;
    this.#world = world;
    this.#lease = lease;
  }

  add(admission: Admission): void {
    this.#admissions.add(admission);
  }

  addCallback(callback: CallbackWork): void {
    const { held } = this.#world;
    if (held.dags.get(callback.dag.dagId) !== callback.dag) return;
    held.callbacks.set(callback.key, callback);
    this.#callbacks.add(callback);
  }

  /** Those that may go now. A paused DAG starts nothing, but ends what it has begun and waits on. */
  due(): Admission[] {
    const { held } = this.#world;
    const due: Admission[] = [];
    for (const admission of this.#admissions) {
      const { instance, attempt } = admission;
      // Read anew since: whoever did that looked after its attempts.
      if (held.instanceOf(attempt.attemptId) !== instance) this.#admissions.delete(admission);
      else if (!instance.run.dag.isPaused || attempt.state !== 'queued') due.push(admission);
    }
    return due;
  }

  /** Hands out what is committed. The lease is looked at last: a long commit may have used it up, then grants wait. */
  async handOut(admitted: readonly Admission[], executor: Executor): Promise<void> {
    if (admitted.length > 0) {
      for (const admission of admitted) this.#admissions.add(admission);
      const { workloads: work, failed } = await workloads(this.#world, admitted);
      if (!this.#lease.mayGrant) return;
      for (const ungrantable of failed) this.#onUngrantable(ungrantable);
      failpoint('after-claim');
      executor.submit(work);
      failpoint('after-submit');
      for (const admission of admitted) this.#admissions.delete(admission);
    }
    await this.#handOutCallbacks(executor);
  }

  async #handOutCallbacks(executor: Executor): Promise<void> {
    if (this.#callbacks.size === 0 || !this.#lease.mayGrant) return;
    const { held } = this.#world;
    const callbacks = [...this.#callbacks].filter(
      (callback) => held.callbacks.get(callback.key) === callback,
    );
    failpoint('before-callbacks');
    executor.submit(await Promise.all(callbacks.map((callback) => callbackWorkload(this.#world, callback))));
    this.#callbacks.clear();
  }
}
