import type { OperationContext } from "../../types";
import type { KubernetesClient } from "./client";
import { ApiError, UnreachableError, alreadyExists, applyError } from "./errors";
import { managerPatch } from "./managers";
import { annotation } from "./objects";
import type { KubernetesObject, Wanted } from "./objects";
import { readyCheckOf } from "./ready";
import type { Readiness, Related } from "./ready";

export interface ClusterSettings {
  readonly namespace?: string;
  readonly upsertExistingObjects: boolean;
  readonly enablePatchForce: boolean;
}

/** Kinds whose awaited delete `pulumi.com/skipAwait` skips too (provider/pkg/metadata/overrides.go:allowsSkipAwaitWithDelete). */
const skipsDelete = new Set([
  "v1/Namespace",
  "v1/Pod",
  "v1/ReplicationController",
  "apps/v1/DaemonSet",
  "apps/v1/Deployment",
  "apps/v1/StatefulSet",
  "batch/v1/Job",
]);

const applyPatch = "application/apply-patch+yaml"; // JSON is YAML.

/** The verbs of the real provider on one cluster. All throw Error in a user's words. */
export class Cluster {
  constructor(
    private readonly client: KubernetesClient,
    private readonly settings: ClusterSettings,
  ) {}

  /** Creates, or applies a patch; an object that exists is an error unless the provider upserts. */
  create(wanted: Wanted, fieldManager: string, context: OperationContext): Promise<KubernetesObject> {
    return this.patiently(context, async () => {
      const path = await this.path(wanted.object, context);
      if (wanted.patch || this.settings.upsertExistingObjects)
        return this.apply(wanted.object, fieldManager, this.forced(wanted.object), context);
      // The static manager of client-side creates, which the first apply takes over.
      const query = { fieldManager: "pulumi-kubernetes" };
      return this.client
        .call("POST", path.collection, { query, body: path.body, signal: context.signal })
        .catch((error: unknown) => {
          throw error instanceof ApiError && error.reason === "AlreadyExists" ? alreadyExists(error) : error;
        });
    });
  }

  async update(wanted: Wanted, fieldManager: string, context: OperationContext): Promise<KubernetesObject> {
    const path = await this.path(wanted.object, context);
    let live = await this.client.call("GET", path.object, { signal: context.signal });
    if (wanted.object.kind === "CustomResourceDefinition" && !wanted.patch) {
      const body = { ...path.body, metadata: { ...path.body.metadata, resourceVersion: live.metadata.resourceVersion } };
      return this.client.call("PUT", path.object, { query: { fieldManager }, body, signal: context.signal });
    }
    const handOver = wanted.patch ? undefined : managerPatch(live, fieldManager);
    if (handOver)
      live = await this.client.call("PATCH", path.object, {
        body: handOver,
        contentType: "application/json-patch+json",
        signal: context.signal,
      });
    const force = this.forced(wanted.object) || (live.metadata.managedFields ?? []).length === 0;
    return this.apply(wanted.object, fieldManager, force, context);
  }

  /** Deletes and waits until the object (this one, by uid) is gone; a patch only gives its fields back. */
  async delete(
    wanted: Wanted,
    uid: string | undefined,
    fieldManager: string,
    timeoutSeconds: number,
    context: OperationContext,
  ): Promise<void> {
    try {
      const path = await this.path(wanted.object, context);
      if (wanted.patch) return await this.relinquish(wanted.object, path, fieldManager, context);
      const policy = annotation(wanted.object, "deletionPropagationPolicy")?.toLowerCase();
      const propagationPolicy = policy === "orphan" ? "Orphan" : policy === "background" ? "Background" : "Foreground";
      const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy };
      await this.client.call("DELETE", path.object, { body, signal: context.signal });
      if (
        annotation(wanted.object, "skipAwait") === "true" &&
        skipsDelete.has(`${wanted.object.apiVersion}/${wanted.object.kind}`)
      )
        return;
      await this.untilGone(path.object, uid, timeoutSeconds, context);
    } catch (error) {
      // Gone already, or its kind is (a custom resource after its definition).
      if (!(error instanceof ApiError) || !error.notFound) throw error;
    }
  }

  /**
   * Waits as the real provider does; see readyCheckOf.
   * @returns the live object, and what is missing when it did not become ready in time
   */
  async awaitReady(
    wanted: Wanted,
    created: KubernetesObject,
    timeoutSeconds: number,
    context: OperationContext,
  ): Promise<{ live: KubernetesObject; problem?: string }> {
    const check = readyCheckOf(wanted.object);
    if (!check) return { live: created };
    const { object: path } = await this.path(wanted.object, context);
    const related: Related = (apiVersion, kind, name, namespace) => this.find(apiVersion, kind, name, namespace, context);
    let live = created;
    let result: Readiness = { ready: false, message: "" };
    const done = await poll(timeoutSeconds, context, async () => {
      const said = result.message;
      result = await check(live, related);
      if (result.ready || result.failed) return true;
      if (result.message !== said) context.log(result.message);
      live = (await this.lenient(path, context)) ?? live;
      return false;
    });
    if (done && result.ready) return { live };
    const events = await this.warnings(live, context);
    const why = done ? result.message : `timed out after ${timeoutSeconds} s: ${result.message}`;
    return { live, problem: [why, ...events].join("\n  ") };
  }

  private async apply(
    object: KubernetesObject,
    fieldManager: string,
    force: boolean,
    context: OperationContext,
  ): Promise<KubernetesObject> {
    const path = await this.path(object, context);
    const query = { fieldManager, force: String(force), fieldValidation: "Warn" };
    return this.client
      .call("PATCH", path.object, { query, body: path.body, contentType: applyPatch, signal: context.signal })
      .catch((error: unknown) => {
        throw applyError(error, fieldManager);
      });
  }

  private forced(object: KubernetesObject): boolean {
    return annotation(object, "patchForce") === "true" || this.settings.enablePatchForce;
  }

  /** Applying next to nothing gives up every field of this manager (provider/pkg/ssa/actions.go:Relinquish). */
  private async relinquish(object: KubernetesObject, path: Path, fieldManager: string, context: OperationContext): Promise<void> {
    await this.client.call("GET", path.object, { signal: context.signal }).catch((error: unknown) => {
      // The real provider applies all the same, which makes an empty object of that name.
      if (error instanceof ApiError && error.notFound)
        context.log(
          `${object.kind} ${object.metadata.name} is gone already; pulumi destroy would make an empty one by giving its fields back`,
        );
      throw error;
    });
    const { apiVersion, kind } = object;
    const { name, namespace } = path.body.metadata;
    const body = { apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) } };
    await this.client
      .call("PATCH", path.object, { query: { fieldManager }, body, contentType: applyPatch, signal: context.signal })
      .catch((error: unknown) => {
        const field =
          error instanceof ApiError ? error.causes.find((cause) => cause.reason === "FieldValueRequired")?.field : undefined;
        if (field === undefined) throw error;
        throw new Error(
          `this Patch resource is currently managing a required field, so it can't be deleted directly. Either set the \`retainOnDelete\` resource option, or transfer ownership of the field before deleting: ${field}`,
        );
      });
  }

  private async untilGone(
    path: string,
    uid: string | undefined,
    timeoutSeconds: number,
    context: OperationContext,
  ): Promise<void> {
    let last: KubernetesObject | undefined;
    const gone = await poll(timeoutSeconds, context, async () => {
      try {
        const live: KubernetesObject = await this.client.call("GET", path, { signal: context.signal });
        last = live;
        // Somebody made a new one of the same name.
        return uid !== undefined && live.metadata.uid !== uid;
      } catch (error) {
        if (error instanceof ApiError && error.notFound) return true;
        if (error instanceof UnreachableError) return false;
        throw error;
      }
    });
    if (gone) return;
    const finalizers = (last?.metadata["finalizers"] as string[] | undefined) ?? [];
    const hint = finalizers.length > 0 ? `; finalizers might be preventing deletion (${finalizers.join(", ")})` : "";
    throw new Error(`${last?.kind} ${last?.metadata.name} was still there ${timeoutSeconds} s after its deletion${hint}`);
  }

  private async find(apiVersion: string, kind: string, name: string, namespace: string | undefined, context: OperationContext) {
    const { object } = await this.path({ apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) } }, context);
    return this.lenient(object, context);
  }

  /** A read that may find nothing or nobody: an API server that restarts does not end a wait. */
  private async lenient(path: string, context: OperationContext): Promise<KubernetesObject | undefined> {
    try {
      return await this.client.call("GET", path, { signal: context.signal });
    } catch (error) {
      if (error instanceof UnreachableError || (error instanceof ApiError && (error.notFound || error.code >= 500)))
        return undefined;
      throw error;
    }
  }

  /** The newest warnings about the object, for a user who has to find out why. */
  private async warnings(live: KubernetesObject, context: OperationContext): Promise<string[]> {
    const namespace = live.metadata.namespace ?? "default";
    const query = {
      fieldSelector: `involvedObject.name=${live.metadata.name},involvedObject.kind=${live.kind},type=Warning`,
      limit: "50",
    };
    try {
      const { items } = await this.client.call<{ items: { reason?: string; message?: string }[] }>(
        "GET",
        `/api/v1/namespaces/${namespace}/events`,
        { query, signal: context.signal },
      );
      return [...new Set(items.map((event) => `${event.reason ?? "Warning"}: ${event.message ?? ""}`))].slice(-3);
    } catch {
      return [];
    }
  }

  /** Retries what another resource of the same run may still bring: a namespace, a custom resource's definition (5 times, 1 s, doubled). */
  private async patiently<T>(context: OperationContext, work: () => Promise<T>): Promise<T> {
    for (let tries = 1, pause = 1; ; tries++, pause *= 2) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ApiError) || !error.notFound || tries > 5 || context.signal.aborted) throw error;
        context.log(`try ${tries}; creation failed: ${error.message}`);
        await sleep(pause * 1000, context.signal);
      }
    }
  }

  private async path(object: KubernetesObject, context: OperationContext): Promise<Path> {
    const { base, plural, namespaced } = await this.client.resourceOf(object.apiVersion, object.kind, context.signal);
    const namespace = object.metadata.namespace ?? this.settings.namespace ?? this.client.defaultNamespace;
    const { namespace: _dropped, ...metadata } = object.metadata;
    const collection = namespaced ? `${base}/namespaces/${namespace}/${plural}` : `${base}/${plural}`;
    return {
      collection,
      object: `${collection}/${encodeURIComponent(object.metadata.name)}`,
      body: { ...object, metadata: namespaced ? { ...metadata, namespace } : metadata } as KubernetesObject,
    };
  }
}

interface Path {
  readonly collection: string;
  readonly object: string;
  readonly body: KubernetesObject;
}

/** Asks again, first often and then once a second, until the answer is yes or the time is up. */
async function poll(timeoutSeconds: number, context: OperationContext, ask: () => Promise<boolean>): Promise<boolean> {
  const end = Date.now() + timeoutSeconds * 1000;
  for (let pause = 50; ; pause = Math.min(1000, pause * 1.5)) {
    if (await ask()) return true;
    if (Date.now() >= end) return false;
    await sleep(Math.min(pause, Math.max(1, end - Date.now())), context.signal);
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error("cancelled"));
    const abort = () => {
      clearTimeout(timer);
      reject(new Error("cancelled"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", abort, { once: true });
  });
}
