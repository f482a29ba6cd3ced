import { CannotRead } from "./input";
import { isObject } from "../../hardware/plain";

/**
 * Instance id → node name, from a JSON object of these, or from `kubectl get nodes -o json`, whose nodes name their instance
 * in `spec.providerID` (`aws:///us-east-1a/i-0123`).
 *
 * @throws CannotRead when it is neither
 */
export function readNames(text: string, file: string): ReadonlyMap<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CannotRead(`${file} is not JSON`);
  }
  if (isObject(value) && Array.isArray(value.items)) {
    const pairs = (value.items as unknown[]).flatMap((node): [string, string][] => {
      const metadata = isObject(node) && isObject(node.metadata) ? node.metadata : {};
      const spec = isObject(node) && isObject(node.spec) ? node.spec : {};
      const id = typeof spec.providerID === "string" ? spec.providerID.split("/").at(-1) : undefined;
      return id && typeof metadata.name === "string" ? [[id, metadata.name]] : [];
    });
    if (pairs.length > 0) return new Map(pairs);
    throw new CannotRead(`${file} has no node with a spec.providerID`);
  }
  if (isObject(value) && Object.values(value).every((name) => typeof name === "string"))
    return new Map(Object.entries(value) as [string, string][]);
  throw new CannotRead(`${file} is neither an object from instance id to node name, nor nodes as kubectl gives them`);
}
