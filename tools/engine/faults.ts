/** What is wrong with a graph, found while it is registered. The program gets its answer all the same: an error would end it at the first one. */
import type { SecretScanner } from "./secrets";
import type { Diagnostic, GraphResource, PropertyMap } from "./types";
import { STACK_TYPE, isProviderType, nameOf, typeOf } from "./urn";

/** Where components are written: a folder of that name, or a package. What programs write may stand directly under the stack. */
const COMPONENTS = /[\\/](components|node_modules)[\\/]/;

export class FaultFinder {
  readonly faults: Diagnostic[] = [];
  private readonly byUrn = new Map<string, GraphResource>();

  constructor(private readonly scanner: SecretScanner) {}

  add(message: string, urn?: string): void {
    this.faults.push({ severity: "error", message: this.scanner.redact(message), urn });
  }

  /** Returns whether the resource may be acted on; false when something is wrong with it. */
  check(resource: GraphResource): boolean {
    const before = this.faults.length;
    const twin = this.byUrn.get(resource.urn);
    if (twin !== undefined) {
      this.add(
        `two resources have the URN ${resource.urn}: ${at(twin)} and ${at(resource)}. Names are identity; give one of them another name`,
        resource.urn,
      );
    }
    this.byUrn.set(resource.urn, twin ?? resource);
    this.checkParent(resource);
    for (const [property, label] of this.scanner.leaks(resource.inputs)) {
      this.add(
        `${resource.name} (${resource.type}): the secret ${label} stands in plain text in input "${property}". Pass it as an Output that is secret, on stdin`,
        resource.urn,
      );
    }
    return this.faults.length === before;
  }

  checkOutputs(urn: string, outputs: PropertyMap): void {
    for (const [property, label] of this.scanner.leaks(outputs)) {
      this.add(
        `${nameOf(urn)}: the secret ${label} stands in plain text in output "${property}". Wrap it with pulumi.secret`,
        urn,
      );
    }
  }

  private checkParent(resource: GraphResource): void {
    if (resource.type === STACK_TYPE) return;
    if (resource.parent !== undefined && !this.byUrn.has(resource.parent)) {
      this.add(`${resource.name} (${resource.type}): its parent ${resource.parent} was never registered`, resource.urn);
      return;
    }
    const underStack = resource.parent === undefined || typeOf(resource.parent) === STACK_TYPE;
    const source = resource.source?.file;
    if (!underStack || !resource.custom || source === undefined) return;
    if (!COMPONENTS.test(source)) return;
    const what = isProviderType(resource.type) ? "provider" : "resource";
    this.add(
      `${resource.name} (${resource.type}): a ${what} made inside a component has no parent (${at(resource)}). Pass {parent: this}`,
      resource.urn,
    );
  }
}

function at(resource: GraphResource): string {
  return resource.source === undefined ? "unknown place" : `${resource.source.file}:${resource.source.line}`;
}
