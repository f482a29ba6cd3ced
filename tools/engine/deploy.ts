/**
 * Answers a program for real: decides per registration what is to be done (same, create, update, replace), does it through the providers
 * and remembers it. The order of things is the real engine's (pulumi/pulumi:pkg/resource/deploy/step_generator.go): a replacement is
 * created before the old one is deleted at the end, unless deleteBeforeReplace. Left out against it: dependents of a resource that is
 * deleted before its replacement are not themselves deleted first.
 */
import { randomUUID } from "node:crypto";
import type { Checkpoint } from "./checkpoint";
import { deleteState } from "./delete";
import type { Journal } from "./journal";
import { STACK_REFERENCE, type StackResolver, stackReferenceOutputs } from "./plan";
import type { Answer, Answerer, ReadRequest } from "./program";
import { hasUnknown, samePlain, toPlainMap } from "./properties";
import type { Providers } from "./providers-of";
import type { SecretScanner } from "./secrets";
import type { Semaphore } from "./semaphore";
import {
  type ResourceState,
  assembleOutputs,
  changedKeys,
  changedPaths,
  dependenciesOf,
  ignoringChanges,
  plainState,
  stateOf,
} from "./state";
import { type GraphResource, type Operation, PartialFailure, type PropertyMap } from "./types";
import { isProviderType, splitProvider } from "./urn";

export interface Deployment {
  readonly checkpoint: Checkpoint;
  readonly providers: Providers;
  readonly journal: Journal;
  readonly scanner: SecretScanner;
  readonly semaphore: Semaphore;
  readonly resolveStack: StackResolver;
}

interface Decision {
  readonly kind: "create" | "same" | "update" | "replace";
  readonly why: readonly string[];
  /** The provider says that both cannot exist at once: the same name. */
  readonly deleteBeforeReplace?: boolean;
}
const NEVER = new Promise<never>(() => undefined);

export class Deployer implements Answerer {
  /** URNs of this run, and old URNs that live on under an alias. */
  readonly registered = new Set<string>();

  constructor(private readonly deployment: Deployment) {}

  async register(resource: GraphResource, sound: boolean): Promise<Answer> {
    const { journal, semaphore } = this.deployment;
    const old = this.adopt(resource);
    this.registered.add(resource.urn);
    if (!sound) {
      journal.fail(resource, "refused", "not acted on; see the error about it");
      return this.unsuccessful("fail");
    }
    const blocker = [...dependenciesOf({ ...resource, dependencies: resource.dependsOn, deletedWith: undefined })].find((urn) =>
      journal.broken.has(urn),
    );
    if (resource.custom && (blocker !== undefined || hasUnknown(resource.inputs))) return this.skip(resource, old, blocker);
    if (!resource.custom) return this.component(resource, old);
    return semaphore.use(async () => {
      // The real engine never answers once it is stopped; the program is ended when the running steps are done.
      if (journal.isStopped) return NEVER;
      return isProviderType(resource.type) ? this.provider(resource, old) : this.custom(resource, old);
    });
  }

  outputs(urn: string, outputs: PropertyMap): void {
    const state = this.deployment.checkpoint.get(urn);
    if (state === undefined || samePlain(state.outputs, outputs)) return;
    this.deployment.checkpoint.keep({ ...state, outputs });
  }

  async read(request: ReadRequest): Promise<Answer> {
    const { journal, resolveStack } = this.deployment;
    const name = String(request.inputs.name ?? request.id);
    const outputs = await journal.step(request, "read", async () => {
      if (request.type !== STACK_REFERENCE) throw new Error(`reading ${request.type} from outside is left out here`);
      const found = await resolveStack(name);
      if (found === undefined) throw new Error(`there is no stack ${name} to refer to, or it was never brought up`);
      return stackReferenceOutputs(name, found);
    });
    if (outputs === undefined) return journal.isStopped ? NEVER : { id: request.id, outputs: request.inputs };
    this.deployment.scanner.addSecretsOf(`output of ${name}`, outputs.outputs ?? null);
    return { id: request.id, outputs };
  }

  async invoke(token: string, args: PropertyMap): Promise<{ outputs: PropertyMap } | { failure: string }> {
    const provider = this.deployment.providers.forInvoke(token);
    if (provider?.invoke === undefined) return { failure: `nothing here answers the lookup ${token}` };
    try {
      return { outputs: assembleOutputs({}, await provider.invoke(token, toPlainMap(args)), [], this.deployment.scanner) };
    } catch (error) {
      return { failure: this.deployment.scanner.redact((error as Error).message) };
    }
  }

  /** The old state, moved to the new URN when it was found under an alias. */
  private adopt(resource: GraphResource): ResourceState | undefined {
    const { checkpoint } = this.deployment;
    const direct = checkpoint.get(resource.urn);
    if (direct !== undefined) return direct;
    const former = resource.options.aliases
      .map((urn) => checkpoint.get(urn))
      .find((state) => state !== undefined && !this.registered.has(state.urn));
    if (former === undefined) return undefined;
    checkpoint.forget(former);
    const renamed = { ...former, urn: resource.urn, name: resource.name, type: resource.type };
    checkpoint.keep(renamed);
    return renamed;
  }

  private skip(resource: GraphResource, old: ResourceState | undefined, blocker: string | undefined): Answer | Promise<never> {
    const because = blocker === undefined ? "its inputs are not known" : `it depends on ${blocker}`;
    this.deployment.journal.skip(resource, old === undefined ? "create" : "update", because);
    return this.unsuccessful("skip");
  }

  private unsuccessful(result: "fail" | "skip"): Answer | Promise<never> {
    return this.deployment.journal.isStopped ? NEVER : { outputs: {}, result };
  }

  private async component(resource: GraphResource, old: ResourceState | undefined): Promise<Answer> {
    const { checkpoint, journal } = this.deployment;
    checkpoint.keep(stateOf(resource, "", resource.inputs, old?.outputs ?? {}));
    journal.emit(resource, old === undefined ? "create" : "same", "done", 0);
    return { outputs: resource.inputs };
  }

  /** Explicit providers are only remembered; another cluster behind one replaces everything in it (pulumi-kubernetes, clusterIdentifier). */
  private async provider(resource: GraphResource, old: ResourceState | undefined): Promise<Answer> {
    const { checkpoint, journal, scanner } = this.deployment;
    const changed = old === undefined ? [] : changedKeys(toPlainMap(resource.inputs), toPlainMap(old.inputs));
    const id = old === undefined || changed.includes("clusterIdentifier") ? randomUUID() : old.id;
    const operation: Operation =
      old === undefined ? "create" : id !== old.id ? "replace" : changed.length > 0 ? "update" : "same";
    await journal.step(resource, operation, async () => {
      // The old one is needed, with its old inputs, to delete what was made through it.
      if (operation === "replace") checkpoint.keep({ ...old!, pendingDelete: true });
      scanner.addSecretsOf(resource.name, resource.inputs);
      checkpoint.keep(stateOf(resource, id, resource.inputs, resource.inputs));
      await checkpoint.save();
    });
    return { id, outputs: resource.inputs };
  }

  private async custom(resource: GraphResource, old: ResourceState | undefined): Promise<Answer> {
    const { journal, scanner } = this.deployment;
    scanner.addSecretsOf(resource.name, resource.inputs);
    const inputs =
      old === undefined ? resource.inputs : ignoringChanges(resource.inputs, old.inputs, resource.options.ignoreChanges);
    const decision = await this.decide(resource, old, inputs);
    if (decision === undefined) return this.unsuccessful("fail");
    const state = await journal.step(resource, decision.kind, () => this.perform(decision, resource, old, inputs));
    if (state === undefined) return this.unsuccessful("fail");
    scanner.addSecretsOf(resource.name, state.outputs);
    return { id: state.id, outputs: state.outputs };
  }

  /** Undefined (and a failure on record) when it cannot be decided or must not be done. */
  private async decide(
    resource: GraphResource,
    old: ResourceState | undefined,
    inputs: PropertyMap,
  ): Promise<Decision | undefined> {
    const { journal, providers } = this.deployment;
    try {
      const provider = providers.for(resource.type);
      if (old === undefined) return { kind: "create", why: [] };
      const decision = await this.compare(resource, old, inputs, provider);
      if (decision.kind === "replace" && old.protect) {
        throw new Error(`it is protected and would be replaced (${decision.why.join(", ")} changed); set protect to false first`);
      }
      return decision;
    } catch (error) {
      journal.fail(resource, "refused", (error as Error).message);
      return undefined;
    }
  }

  private async compare(
    resource: GraphResource,
    old: ResourceState,
    inputs: PropertyMap,
    provider: ReturnType<Providers["for"]>,
  ): Promise<Decision> {
    if (providerId(old.provider) !== providerId(resource.provider)) return { kind: "replace", why: ["provider"] };
    const news = toPlainMap(inputs);
    const olds = plainState(old, this.deployment.providers.inputs(old.provider));
    const forced = changedPaths(news, olds.inputs, resource.options.replaceOnChanges);
    if (forced.length > 0) return { kind: "replace", why: forced };
    if (samePlain(news, olds.inputs))
      return { kind: old.initErrors === undefined ? "same" : "update", why: old.initErrors ?? [] };
    const diff = await provider.diff(resource.type, olds, news);
    return {
      kind: diff.kind === "none" ? "same" : diff.kind,
      why: diff.properties,
      deleteBeforeReplace: diff.deleteBeforeReplace,
    };
  }

  private async perform(
    decision: Decision,
    resource: GraphResource,
    old: ResourceState | undefined,
    inputs: PropertyMap,
  ): Promise<ResourceState> {
    const { checkpoint } = this.deployment;
    if (decision.kind === "same") {
      const state = stateOf(resource, old!.id, inputs, old!.outputs);
      if (JSON.stringify(withoutValues(state)) !== JSON.stringify(withoutValues(old!)) || !samePlain(old!.inputs, inputs))
        checkpoint.keep(state);
      return checkpoint.get(resource.urn)!;
    }
    if (decision.kind === "update") return this.apply("updating", resource, inputs, (act) => act.update(old!));
    const deleteFirst = resource.options.deleteBeforeReplace || decision.deleteBeforeReplace === true;
    if (decision.kind === "create" || !deleteFirst) {
      // Kept as pending only once its successor exists: until then it is still the one.
      return this.apply("creating", resource, inputs, (act) => act.create(), old);
    }
    await deleteState(this.deployment, old!);
    return this.apply("creating", resource, inputs, (act) => act.create());
  }

  /** Runs one provider operation between two writes of the checkpoint, so that a killed run knows what it was doing. */
  private async apply(
    type: "creating" | "updating",
    resource: GraphResource,
    inputs: PropertyMap,
    work: (act: { create(): Promise<Made>; update(old: ResourceState): Promise<Made> }) => Promise<Made>,
    replaced?: ResourceState,
  ): Promise<ResourceState> {
    const { checkpoint, providers } = this.deployment;
    const provider = providers.for(resource.type);
    const { customTimeouts } = resource.options;
    const news = toPlainMap(inputs);
    const act = {
      create: () => provider.create(resource.type, resource.urn, news, providers.contextFor(resource, "create", customTimeouts)),
      update: async (old: ResourceState) => {
        const olds = plainState(old, providers.inputs(old.provider));
        const context = providers.contextFor(resource, "update", customTimeouts);
        return { id: old.id, ...(await provider.update(resource.type, resource.urn, olds, news, context)) };
      },
    };
    const operation = checkpoint.begin({ urn: resource.urn, type });
    await checkpoint.save();
    try {
      return this.remember(resource, inputs, await work(act), replaced);
    } catch (error) {
      if (error instanceof PartialFailure) this.remember(resource, inputs, error.state, replaced, [error.message]);
      throw error;
    } finally {
      checkpoint.end(operation);
      await checkpoint.save();
    }
  }

  private remember(
    resource: GraphResource,
    inputs: PropertyMap,
    made: Made,
    replaced?: ResourceState,
    initErrors?: string[],
  ): ResourceState {
    const { checkpoint, scanner } = this.deployment;
    const secretNames = [...resource.options.additionalSecretOutputs, ...(made.secretOutputs ?? [])];
    const outputs = assembleOutputs(inputs, made.outputs, secretNames, scanner);
    const state = stateOf(resource, made.id, inputs, outputs, initErrors?.map(scanner.redact));
    if (replaced !== undefined) checkpoint.keep({ ...replaced, pendingDelete: true });
    checkpoint.keep(state);
    return state;
  }
}

type Made = { readonly id: string; readonly outputs: Record<string, unknown>; readonly secretOutputs?: readonly string[] };

/** A renamed provider is the same one as long as its id is; a default provider has none. */
function providerId(reference: string | undefined): string | undefined {
  return reference === undefined ? undefined : splitProvider(reference).id;
}

function withoutValues(state: ResourceState): unknown {
  return { ...state, inputs: null, outputs: null };
}
