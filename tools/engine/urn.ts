/** URNs as the real engine makes them: pulumi/pulumi:sdk/go/common/resource/urn/urn.go. */

export const STACK_TYPE = "pulumi:pulumi:Stack";

/** `urn:pulumi:stack::project::Parent$Child::name`; the stack itself is not part of a qualified type. */
export function makeUrn(stack: string, project: string, parent: string | undefined, type: string, name: string): string {
  const parentType = parent === undefined || parent === "" ? "" : qualifiedType(parent);
  const prefix = parentType === "" || parentType === STACK_TYPE ? "" : `${parentType}$`;
  return `urn:pulumi:${stack}::${project}::${prefix}${type}::${name}`;
}

export function qualifiedType(urn: string): string {
  return urn.split("::")[2] ?? "";
}

export function typeOf(urn: string): string {
  return qualifiedType(urn).split("$").pop() ?? "";
}

/** A name may hold `::` itself. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** Provider references travel as `urn::id`; the id is a UUID or the unknown marker and holds no `::`. */
export function splitProvider(reference: string): { urn: string; id: string } {
  const at = reference.lastIndexOf("::");
  return { urn: reference.slice(0, at), id: reference.slice(at + 2) };
}

export function isProviderType(type: string): boolean {
  return type.startsWith("pulumi:providers:");
}
