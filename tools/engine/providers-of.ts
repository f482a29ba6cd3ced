/** Finds who acts on a resource type, and what an explicit provider resource says. */
import type { Checkpoint } from "./checkpoint";
import { toPlainMap } from "./properties";
import type { ResourceState } from "./state";
import type { GraphResource, OperationContext, PlainInputs, ResourceProvider } from "./types";
import { splitProvider } from "./urn";

/** A command on a host may install packages. 0 leaves it to the provider: objects of Kubernetes may name their own time. */
const DEFAULT_SECONDS = { kubernetes: 0, other: 3600 };

export class Providers {
  constructor(
    private readonly list: readonly ResourceProvider[],
    private readonly checkpoint: Checkpoint,
    private readonly context: Omit<OperationContext, "name" | "timeoutSeconds" | "provider">,
  ) {}

  /** Throws an error that says what cannot be acted on. */
  for(type: string): ResourceProvider {
    const found = this.list.find((provider) => provider.handles(type));
    if (found !== undefined) return found;
    throw new Error(`nothing here acts on resources of type ${type}; only the real CLI (pulumi up) does`);
  }

  forInvoke(token: string): ResourceProvider | undefined {
    return this.list.find((provider) => provider.invoke !== undefined && provider.handles(token));
  }

  /** Inputs of the explicit provider resource, in plain text. */
  inputs(reference: string | undefined): PlainInputs | undefined {
    if (reference === undefined) return undefined;
    const { urn, id } = splitProvider(reference);
    const state = this.checkpoint.all().find((each) => each.urn === urn && each.id === id) ?? this.checkpoint.get(urn);
    return state === undefined ? undefined : toPlainMap(state.inputs);
  }

  contextFor(
    resource: Pick<GraphResource | ResourceState, "name" | "type" | "provider">,
    verb: "create" | "update" | "delete",
    timeouts: ResourceState["customTimeouts"],
  ): OperationContext {
    const usual = resource.type.startsWith("kubernetes:") ? DEFAULT_SECONDS.kubernetes : DEFAULT_SECONDS.other;
    return {
      ...this.context,
      name: resource.name,
      timeoutSeconds: timeouts?.[verb] ?? usual,
      provider: this.inputs(resource.provider),
    };
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.list.map((provider) => provider.close()));
  }
}
