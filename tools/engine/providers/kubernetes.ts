import { createHash, randomBytes } from "crypto";
import { PartialFailure } from "../types";
import type { OperationContext, PlainInputs, PlainState, ResourceProvider } from "../types";
import { KubernetesClient } from "./kubernetes/client";
import { Cluster } from "./kubernetes/cluster";
import { compare } from "./kubernetes/diff";
import { ApiError } from "./kubernetes/errors";
import { annotation, idOf, outputsFrom, secretOutputsOf, wantedObject } from "./kubernetes/objects";
import type { KubernetesObject, Wanted } from "./kubernetes/objects";

/** Types that are charts, bundles or lists of objects and not one object each. */
const leftOut = /^kubernetes:(helm\.sh\/|yaml(\/|:)|kustomize(\/|:))|^kubernetes:.*List$/;

/** Seconds to wait for readiness or deletion unless customTimeouts or pulumi.com/timeoutSeconds say otherwise. */
const defaultTimeout = 600;

/**
 * `kubernetes:*` through the API server as pulumi-kubernetes 4.x does with its defaults (pulumi/pulumi-kubernetes@94977969d):
 * client-side create that fails when the object exists, server-side apply for updates and `XPatch` resources, its await rules.
 * Reaches only the cluster of an explicit provider: never the kubeconfig of whoever runs it.
 * Left out: Helm, Kustomize and YAML bundles, automatic names, Ingress readiness, `replaceUnready`, `renderYamlToDirectory`.
 */
export class KubernetesProvider implements ResourceProvider {
  private readonly clients = new Map<string, Promise<KubernetesClient>>();

  readonly handles = (type: string): boolean => type.startsWith("kubernetes:");

  diff(type: string, olds: PlainState, news: PlainInputs) {
    return Promise.resolve().then(() => {
      if (leftOut.test(type)) return { kind: "none" as const, properties: [] };
      const wanted = wantedObject(type, news, type);
      const old = wantedObject(type, olds.inputs, type).object;
      const { changed, forcing } = compare(old, wanted.object, wanted.patch, {
        secrets: flag(olds.provider, "enableSecretMutable"),
        configMaps: flag(olds.provider, "enableConfigMapMutable"),
      });
      if (changed.length === 0) return { kind: "none" as const, properties: changed };
      if (forcing.length === 0) return { kind: "update" as const, properties: changed };
      const sameName =
        old.metadata.name === wanted.object.metadata.name && old.metadata.namespace === wanted.object.metadata.namespace;
      return { kind: "replace" as const, properties: forcing, deleteBeforeReplace: sameName };
    });
  }

  async create(type: string, _urn: string, inputs: PlainInputs, context: OperationContext) {
    return inWords(context, async () => {
      const wanted = this.wanted(type, inputs, context);
      const cluster = await this.cluster(context.provider);
      const fieldManager =
        annotation(wanted.object, "patchFieldManager") ?? `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
      const created = await cluster.create(wanted, fieldManager, context);
      return this.finish(cluster, wanted, created, fieldManager, "created", context);
    });
  }

  async update(type: string, _urn: string, olds: PlainState, news: PlainInputs, context: OperationContext) {
    return inWords(context, async () => {
      const wanted = this.wanted(type, news, context);
      const cluster = await this.cluster(context.provider ?? olds.provider);
      const fieldManager = annotation(wanted.object, "patchFieldManager") ?? managerOf(olds);
      const updated = await cluster.update(wanted, fieldManager, context).catch((error: unknown) => {
        throw immutable(error, wanted.object);
      });
      return this.finish(cluster, wanted, updated, fieldManager, "updated", context);
    });
  }

  async delete(type: string, _urn: string, olds: PlainState, context: OperationContext): Promise<void> {
    if (leftOut.test(type)) return;
    await inWords(context, async () => {
      const wanted = this.wanted(type, olds.inputs, context);
      const live = (olds.outputs["metadata"] ?? {}) as Partial<KubernetesObject["metadata"]>;
      // The namespace that was used, whatever the provider's default is now.
      const metadata = { ...wanted.object.metadata, ...(live.namespace ? { namespace: live.namespace } : {}) };
      const cluster = await this.cluster(context.provider ?? olds.provider);
      const manager = annotation(wanted.object, "patchFieldManager") ?? managerOf(olds);
      await cluster.delete(
        { ...wanted, object: { ...wanted.object, metadata } },
        live.uid,
        manager,
        timeoutOf(wanted.object, context),
        context,
      );
    });
  }

  async close(): Promise<void> {
    const all = await Promise.allSettled(this.clients.values());
    this.clients.clear();
    for (const client of all) if (client.status === "fulfilled") client.value.close();
  }

  private async finish(
    cluster: Cluster,
    wanted: Wanted,
    live: KubernetesObject,
    fieldManager: string,
    done: string,
    context: OperationContext,
  ) {
    const secretOutputs = secretOutputsOf(live.kind);
    // A patch owns some fields of an object that lives its own life; only an explicit wait is honoured.
    const awaited =
      wanted.patch && !annotation(wanted.object, "waitFor")
        ? { live }
        : await cluster.awaitReady(wanted, live, timeoutOf(wanted.object, context), context);
    const outputs = outputsFrom(awaited.live, fieldManager);
    if (awaited.problem === undefined) return { id: idOf(live), outputs, secretOutputs };
    const message = `${live.kind} ${idOf(live)} was ${done} but did not become ready: ${awaited.problem}`;
    throw new PartialFailure(context.redact(`${context.name}: ${message}`), { id: idOf(live), outputs, secretOutputs });
  }

  private wanted(type: string, inputs: PlainInputs, context: OperationContext): Wanted {
    if (leftOut.test(type))
      throw new Error(`${type} is left out here: only single Kubernetes objects are made, not charts or bundles`);
    return wantedObject(type, inputs, context.name);
  }

  private async cluster(provider: PlainInputs | undefined): Promise<Cluster> {
    const kubeconfig = provider?.["kubeconfig"];
    if (typeof kubeconfig !== "string" || kubeconfig === "") {
      throw new Error("no explicit provider with a kubeconfig; a cluster is never chosen from this machine's own settings");
    }
    const context = typeof provider?.["context"] === "string" ? provider["context"] : undefined;
    const key = createHash("sha256")
      .update(`${context ?? ""}\0${kubeconfig}`)
      .digest("hex");
    const client = this.clients.get(key) ?? KubernetesClient.from(kubeconfig, context);
    this.clients.set(key, client);
    return new Cluster(await client, {
      ...(typeof provider?.["namespace"] === "string" && provider["namespace"] ? { namespace: provider["namespace"] } : {}),
      upsertExistingObjects: flag(provider, "upsertExistingObjects"),
      enablePatchForce: flag(provider, "enablePatchForce"),
    });
  }
}

/** Provider inputs arrive as booleans or, as the real SDK sends them, as JSON text. */
function flag(inputs: PlainInputs | undefined, name: string): boolean {
  return inputs?.[name] === true || inputs?.[name] === "true";
}

function managerOf(olds: PlainState): string {
  const kept = olds.outputs["__fieldManager"];
  return typeof kept === "string" ? kept : `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

/** customTimeouts beat the annotation, which beats ten minutes. */
function timeoutOf(object: KubernetesObject, context: OperationContext): number {
  if (context.timeoutSeconds > 0) return context.timeoutSeconds;
  const stated = Number(annotation(object, "timeoutSeconds"));
  return Number.isInteger(stated) && stated > 0 ? stated : defaultTimeout;
}

/** The real provider passes the server's refusal on; here it comes with what helps. */
function immutable(error: unknown, object: KubernetesObject): unknown {
  if (!(error instanceof ApiError) || error.code !== 422 || !/immutable/i.test(error.message)) return error;
  return new Error(
    `${error.message}\nThis field of a ${object.kind} cannot be changed in place, and pulumi does not know it: set replaceOnChanges: ["spec"] and deleteBeforeReplace: true on the resource`,
    { cause: error },
  );
}

async function inWords<T>(context: OperationContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PartialFailure) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(context.redact(message.startsWith(`${context.name}: `) ? message : `${context.name}: ${message}`), {
      cause: error,
    });
  }
}
