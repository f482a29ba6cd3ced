/** One RegisterResource request as a graph resource. */
import { fileURLToPath } from "node:url";
import { type DecodeContext, decodeStruct } from "./properties";
import type { resource } from "./sdk";
import type { GraphResource } from "./types";
import { makeUrn } from "./urn";

export function readRequest(
  request: resource.RegisterResourceRequest,
  stack: string,
  project: string,
  context: DecodeContext,
): GraphResource {
  const parent = request.getParent() || undefined;
  const type = request.getType();
  const name = request.getName();
  const propertyDependencies: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((dependencies, key) => {
    if (dependencies.getUrnsList().length > 0) propertyDependencies[key] = dependencies.getUrnsList();
  });
  return {
    urn: makeUrn(stack, project, parent, type, name),
    type,
    name,
    custom: request.getCustom(),
    parent,
    dependsOn: request.getDependenciesList(),
    propertyDependencies,
    provider: request.getProvider() || undefined,
    inputs: decodeStruct(request.getObject(), context),
    options: {
      protect: request.getProtect() ?? false,
      deleteBeforeReplace: request.getDeletebeforereplace(),
      retainOnDelete: request.getRetainondelete() ?? false,
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      aliases: [...request.getAliasurnsList(), ...aliasUrns(request, stack, project)],
      deletedWith: request.getDeletedwith() || undefined,
      customTimeouts: timeouts(request.getCustomtimeouts()),
    },
    source: sourceOf(request),
  };
}

/** Alias specs name what was different before; everything else is as it is now (pulumi/pulumi:proto/pulumi/alias.proto). */
function aliasUrns(request: resource.RegisterResourceRequest, stack: string, project: string): string[] {
  return request.getAliasesList().map((alias) => {
    if (alias.hasUrn()) return alias.getUrn();
    const spec = alias.getSpec();
    const parent = spec?.getNoparent() ? undefined : spec?.getParenturn() || request.getParent() || undefined;
    return makeUrn(
      spec?.getStack() || stack,
      spec?.getProject() || project,
      parent,
      spec?.getType() || request.getType(),
      spec?.getName() || request.getName(),
    );
  });
}

/** Go durations ("1h30m", "90s", "1.5m") in seconds; undefined when not given. */
export function seconds(duration: string): number | undefined {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };
  const parts = [...duration.matchAll(/([0-9.]+)(h|ms|us|µs|ns|m|s)/g)];
  return parts.length === 0 ? undefined : parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit!]!, 0);
}

function timeouts(
  message: resource.RegisterResourceRequest.CustomTimeouts | undefined,
): GraphResource["options"]["customTimeouts"] {
  if (message === undefined) return undefined;
  const result = {
    create: seconds(message.getCreate()),
    update: seconds(message.getUpdate()),
    delete: seconds(message.getDelete()),
  };
  return Object.values(result).some((each) => each !== undefined) ? result : undefined;
}

/** The frame of `new X(…)`; frames inside packages (a wrapper class of a library) are skipped. */
function sourceOf(request: resource.RegisterResourceRequest): GraphResource["source"] {
  const frames = [request.getSourceposition(), ...(request.getStacktrace()?.getFramesList() ?? []).map((frame) => frame.getPc())];
  for (const frame of frames) {
    const uri = frame?.getUri() ?? "";
    if (uri.startsWith("file:") && !uri.includes("/node_modules/")) return { file: fileURLToPath(uri), line: frame!.getLine() };
  }
  return undefined;
}
