import type { HardwareProblem } from "../problem";
import type { Fabric } from "../types";
import type { EnvironmentOffer } from "./types";

/** A value that is known to do harm on some fabrics, whoever sets it. */
interface Harmful {
  readonly name: string;
  readonly harmful: (value: string) => boolean;
  readonly on: (fabric: Fabric["kind"]) => boolean;
  readonly message: string;
  readonly fix: string;
}

const isOn = (value: string): boolean => /^(1|y|yes|true|on)$/i.test(value.trim());
const usesVerbs = (fabric: Fabric["kind"]): boolean => fabric === "infiniband" || fabric === "roce";

const HARMFUL: readonly Harmful[] = [
  {
    name: "RDMAV_FORK_SAFE",
    harmful: () => true,
    on: (fabric) => fabric === "efa",
    // aws/aws-ofi-nccl:doc/efa-env-var.md@518f4c6
    message: "It can break EFA on newer kernels, and is not needed.",
    fix: "Remove it.",
  },
  {
    name: "NCCL_IB_DISABLE",
    harmful: isOn,
    on: usesVerbs,
    message: "NCCL will not use the fabric but TCP.",
    fix: "Remove it, unless a run without the fabric is what you want.",
  },
  {
    name: "NCCL_NET",
    harmful: (value) => /^socket$/i.test(value.trim()),
    on: (fabric) => fabric !== "ethernet",
    message: "NCCL will not use the fabric but TCP.",
    fix: "Remove it, unless a run without the fabric is what you want.",
  },
];

/**
 * The environment with the user's values: theirs replace derived ones of the same name and are added otherwise, sorted by
 * name after the derived ones. The user wins, with a warning for a value that contradicts or is known to do harm.
 *
 */
export function withUserEnvironment(derived: EnvironmentOffer, user: Readonly<Record<string, string>>): EnvironmentOffer {
  const own = (name: string, value: string) => ({ name, value, by: "user" as const, reason: "Given by the user." });
  const replaced = derived.variables.map((variable) => {
    const value = Object.hasOwn(user, variable.name) ? user[variable.name]! : variable.value;
    return value === variable.value ? variable : own(variable.name, value);
  });
  const known = new Set(derived.variables.map(({ name }) => name));
  const added = Object.keys(user)
    .filter((name) => !known.has(name))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => own(name, user[name]!));
  return { ...derived, variables: [...replaced, ...added] };
}

/** One warning for each value of the user's that contradicts what any of the environments derived, or does harm on this fabric. */
export function environmentWarnings(
  derived: readonly EnvironmentOffer[],
  user: Readonly<Record<string, string>>,
  fabric: Fabric["kind"],
  path: string,
): HardwareProblem[] {
  const warnings: HardwareProblem[] = [];
  for (const [name, value] of Object.entries(user)) {
    const contradicted = derived.flatMap(({ variables }) => variables).find((each) => each.name === name && each.value !== value);
    const harm = HARMFUL.find((each) => each.name === name && each.on(fabric) && each.harmful(value));
    if (contradicted)
      warnings.push({
        path: `${path}.${name}`,
        value,
        message: `Your value replaces ${JSON.stringify(contradicted.value)}. ${contradicted.reason}`,
        fix: "Remove it to have the derived value, or leave it if you know better.",
      });
    else if (harm) warnings.push({ path: `${path}.${name}`, value, message: harm.message, fix: harm.fix });
  }
  return warnings;
}
