/** Deletes: dependents first, as many at a time as allowed, one provider call per resource that really goes. */
import type { Deployment } from "./deploy";
import { type ResourceState, dependenciesOf, plainState } from "./state";
import { isProviderType } from "./urn";

/** Deletes all of `states`, each after everything that depends on it. Failures are on record in the journal. */
export async function deleteAll(deployment: Deployment, states: readonly ResourceState[]): Promise<void> {
  const { journal, semaphore } = deployment;
  const refused = states.filter((state) => state.protect);
  for (const state of refused) journal.fail(state, "refused", "it is protected and would be deleted; set protect to false first");
  if (refused.length > 0 && journal.isStopped) return;
  const kept = neededBy(states, (state) => journal.broken.has(state.urn) || refused.includes(state));
  const going = states.filter((state) => !kept.has(state) && !refused.includes(state));
  const waves = new Waves(going);
  while (!journal.isStopped) {
    const ready = waves.next();
    if (ready.length === 0) break;
    await Promise.all(ready.map((state) => semaphore.use(() => deleteOne(deployment, state, waves, going))));
  }
}

async function deleteOne(
  deployment: Deployment,
  state: ResourceState,
  waves: Waves,
  going: readonly ResourceState[],
): Promise<void> {
  const { journal } = deployment;
  if (journal.isStopped) return;
  if (waves.blocked(state)) {
    journal.skip(state, "delete", "something that depends on it could not be deleted");
    waves.failed(state);
    return;
  }
  const alongWith = going.some((other) => other.urn === state.deletedWith);
  const done = await journal.step(state, "delete", async () => (await deleteState(deployment, state, alongWith), true));
  if (done === undefined) waves.failed(state);
}

/** Deletes one resource and forgets it. Nothing is called for components, providers, `retainOnDelete` and what goes with another. */
export async function deleteState(deployment: Deployment, state: ResourceState, alongWith = false): Promise<void> {
  const { checkpoint, providers } = deployment;
  if (state.custom && !isProviderType(state.type) && !state.retainOnDelete && !alongWith) {
    const operation = checkpoint.begin({ urn: state.urn, type: "deleting" });
    await checkpoint.save();
    try {
      const olds = plainState(state, providers.inputs(state.provider));
      await providers
        .for(state.type)
        .delete(state.type, state.urn, olds, providers.contextFor(state, "delete", state.customTimeouts));
    } finally {
      checkpoint.end(operation);
    }
  }
  checkpoint.forget(state);
  await checkpoint.save();
}

/** States that one of the `broken` needs, directly or not. */
function neededBy(states: readonly ResourceState[], broken: (state: ResourceState) => boolean): Set<ResourceState> {
  const kept = new Set<ResourceState>();
  const queue = states.filter(broken);
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    const needs = dependenciesOf(state);
    for (const other of states) {
      if (other === state || kept.has(other) || !needs.has(other.urn)) continue;
      kept.add(other);
      queue.push(other);
    }
  }
  return kept;
}

/** Antichains of the dependency graph, dependents first (the real engine's ScheduleDeletes). */
class Waves {
  private readonly left: Set<ResourceState>;
  private readonly unsuccessful = new Set<ResourceState>();
  private readonly dependents = new Map<string, ResourceState[]>();

  constructor(states: readonly ResourceState[]) {
    this.left = new Set(states);
    for (const state of states) {
      for (const urn of dependenciesOf(state)) {
        const known = this.dependents.get(urn);
        if (known === undefined) this.dependents.set(urn, [state]);
        else known.push(state);
      }
    }
  }

  next(): ResourceState[] {
    const ready = [...this.left].filter((state) => this.dependentsOf(state).every((other) => !this.left.has(other)));
    // Two generations of replaced resources can point at each other; then the order cannot matter any more.
    const chosen = ready.length > 0 ? ready : [...this.left].slice(-1);
    for (const state of chosen) this.left.delete(state);
    return chosen;
  }

  blocked(state: ResourceState): boolean {
    return this.dependentsOf(state).some((other) => this.unsuccessful.has(other));
  }

  failed(state: ResourceState): void {
    this.unsuccessful.add(state);
  }

  private dependentsOf(state: ResourceState): ResourceState[] {
    return (this.dependents.get(state.urn) ?? []).filter((other) => other !== state && other.urn !== state.urn);
  }
}
