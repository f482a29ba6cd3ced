import { catalogueType } from ".";
import type { HardwareProblem } from "../problem";
import type { Accelerators, Fabric, InfiniBandHca, MachineType, TierName } from "../types";
import { checkInlineAws, completedInlineAws } from "./aws/inline";
import { ACCELERATOR_FIELDS, checkFields, isCount, isObject, isPositive, MACHINE_FIELDS, oneOf, problem } from "./fields";
import type { Field, Raw } from "./fields";

/** What became of the user's own machine types: those that are right, and everything that is wrong with the others. */
export interface InlineTypes {
  readonly types: Readonly<Record<string, MachineType>>;
  readonly problems: readonly HardwareProblem[];
}

/** A Linux device name; it becomes part of a path under /sys/class/infiniband. */
const isDevice = (value: unknown): boolean => typeof value === "string" && /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(value);

const TYPE_FIELDS: Readonly<Record<string, Field>> = {
  ...MACHINE_FIELDS,
  accelerators: { allowed: "an object with vendor, product, count, resource", ok: isObject },
  fabric: { required: true, allowed: "an object with kind, rateGbps and, for infiniband and roce, hcas", ok: isObject },
  localDisks: { allowed: "a whole number from 0", ok: isCount(0) },
  topologyTiers: { allowed: 'a list that begins as ["leaf", "spine", "core"], nearest first', ok: isTiers },
  hugePages2Mi: { allowed: "a whole number from 0: huge pages of 2 MiB", ok: isCount(0) },
};

const RATE: Field = { required: true, allowed: "a number above 0: Gbit/s of one port", ok: isPositive };
const HCA_FABRIC: Readonly<Record<string, Field>> = {
  kind: { required: true, ...oneOf("infiniband", "roce", "ethernet") },
  rateGbps: RATE,
  hcas: {
    required: true,
    allowed: "a list with at least one adapter, e.g. [{device: mlx5_0}]",
    ok: (value) => Array.isArray(value) && value.length > 0,
  },
};
const ETHERNET_FABRIC: Readonly<Record<string, Field>> = { kind: HCA_FABRIC.kind!, rateGbps: RATE };
const HCA_FIELDS: Readonly<Record<string, Field>> = {
  device: { required: true, allowed: "a name under /sys/class/infiniband, e.g. mlx5_0", ok: isDevice },
  use: oneOf("compute", "storage"),
};

function isTiers(value: unknown): boolean {
  const names = ["leaf", "spine", "core"];
  return Array.isArray(value) && value.length <= names.length && value.every((name, tier) => name === names[tier]);
}

/** Whose machines a program can take; what it cannot is refused. */
export type InlineProvider = "bare-metal" | "aws";

/**
 * Checks the machine types that a user defines in the configuration and completes them: `arch` amd64, `threadsPerCore` 1,
 * `localDisks` 0, `topologyTiers` leaf, spine, core, `hugePages2Mi` 0, an adapter's `use` compute. A type with
 * `provider: aws` is an EC2 type that the catalogue lacks; its fields and defaults stand in `aws/inline.ts`. Types with a
 * problem are left out.
 *
 * @param raw what stands at `path`: an object from type name to type
 * @param path where it stands, for the problems
 * @param providers whose types may be defined; with bare metal alone there is no field `provider`
 */
export function validateInlineTypes(
  raw: unknown,
  path = "cluster.machineTypes",
  providers: readonly InlineProvider[] = ["bare-metal"],
): InlineTypes {
  if (raw === undefined || raw === null) return { types: {}, problems: [] };
  if (!isObject(raw)) {
    return {
      types: {},
      problems: [problem(path, raw, "is not an object", "machine types by name", "Write each type under its name.")],
    };
  }
  const types: Record<string, MachineType> = {};
  const problems: HardwareProblem[] = [];
  for (const [name, value] of Object.entries(raw)) {
    const found = checkType(name, value, `${path}.${name}`, providers);
    problems.push(...found);
    if (found.length > 0) continue;
    types[name] = providerOf(value, providers) === "aws" ? completedInlineAws(name, value as Raw) : completed(name, value as Raw);
  }
  return { types, problems };
}

/** The provider that was named, bare metal by default where it is possible; undefined for one that is not. */
function providerOf(value: unknown, providers: readonly InlineProvider[]): InlineProvider | undefined {
  const named = isObject(value) ? value.provider : undefined;
  if (named === undefined) return providers.includes("bare-metal") ? "bare-metal" : providers[0];
  return providers.find((one) => one === named);
}

function checkType(name: string, value: unknown, path: string, providers: readonly InlineProvider[]): HardwareProblem[] {
  const problems = nameProblems(name, path);
  if (!isObject(value)) {
    return [
      ...problems,
      problem(
        path,
        value,
        "A machine type is an object.",
        Object.keys(TYPE_FIELDS).join(", "),
        "Give at least cores, memoryGiB and fabric.",
      ),
    ];
  }
  const onlyBareMetal = providers.every((one) => one === "bare-metal");
  const provider = onlyBareMetal ? "bare-metal" : providerOf(value, providers);
  if (provider === undefined) {
    const allowed = providers.join(", ");
    return [...problems, problem(`${path}.provider`, value.provider, "is not what it can be.", allowed, "Correct provider.")];
  }
  return [...problems, ...(provider === "aws" ? checkInlineAws(name, value, path) : checkBareMetal(value, path, onlyBareMetal))];
}

/** A malformed name, or one of the catalogue; a row that nobody confirmed may be given by who has such a machine. */
function nameProblems(name: string, path: string): HardwareProblem[] {
  const problems: HardwareProblem[] = [];
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) {
    problems.push(
      problem(path, name, "The name of a machine type is malformed.", "small letters, digits, `-` and `.`", "Rename the type."),
    );
  }
  if (catalogueType(name)?.verified) {
    problems.push(
      problem(
        path,
        name,
        "The catalogue has a machine type of this name.",
        undefined,
        "Choose another name, or remove your definition to use the catalogue's.",
      ),
    );
  }
  return problems;
}

function checkBareMetal(value: Raw, path: string, onlyBareMetal: boolean): HardwareProblem[] {
  const fields = onlyBareMetal ? TYPE_FIELDS : { provider: oneOf("bare-metal"), ...TYPE_FIELDS };
  const problems = checkFields(value, fields, path);
  if (isObject(value.accelerators)) problems.push(...checkFields(value.accelerators, ACCELERATOR_FIELDS, `${path}.accelerators`));
  if (isObject(value.fabric)) problems.push(...checkFabric(value.fabric, `${path}.fabric`));
  return problems;
}

function checkFabric(fabric: Raw, path: string): HardwareProblem[] {
  const problems = checkFields(fabric, fabric.kind === "ethernet" ? ETHERNET_FABRIC : HCA_FABRIC, path);
  if (fabric.kind === "ethernet" || !Array.isArray(fabric.hcas)) return problems;
  const seen = new Set<unknown>();
  fabric.hcas.forEach((hca: unknown, index) => {
    const at = `${path}.hcas[${index}]`;
    if (!isObject(hca))
      return problems.push(problem(at, hca, "An adapter is an object.", "device, use", "Write it as {device: mlx5_0}."));
    if (seen.has(hca.device))
      problems.push(problem(`${at}.device`, hca.device, "The adapter is listed twice.", undefined, "Remove one of them."));
    seen.add(hca.device);
    return problems.push(...checkFields(hca, HCA_FIELDS, at));
  });
  if (fabric.hcas.length > 0 && fabric.hcas.every((hca: unknown) => isObject(hca) && hca.use === "storage")) {
    problems.push(
      problem(
        `${path}.hcas`,
        undefined,
        "No adapter carries the compute fabric.",
        "at least one with use: compute",
        "Mark the adapters that MPI and NCCL use, or give fabric.kind ethernet.",
      ),
    );
  }
  return problems;
}

/** A checked type with every default filled in. */
function completed(name: string, value: Raw): MachineType {
  return {
    name,
    provider: "bare-metal",
    arch: (value.arch as MachineType["arch"] | undefined) ?? "amd64",
    cores: value.cores as number,
    threadsPerCore: (value.threadsPerCore as 1 | 2 | undefined) ?? 1,
    memoryGiB: value.memoryGiB as number,
    ...(value.accelerators === undefined ? {} : { accelerators: value.accelerators as Accelerators }),
    fabric: completedFabric(value.fabric as Raw),
    localDisks: (value.localDisks as number | undefined) ?? 0,
    topologyTiers: (value.topologyTiers as TierName[] | undefined) ?? ["leaf", "spine", "core"],
    hugePages2Mi: (value.hugePages2Mi as number | undefined) ?? 0,
    verified: true,
    source: "user",
  };
}

function completedFabric(fabric: Raw): Fabric {
  const rateGbps = fabric.rateGbps as number;
  if (fabric.kind === "ethernet") return { kind: "ethernet", rateGbps };
  const hcas = (fabric.hcas as Raw[]).map(({ device, use }): InfiniBandHca => ({
    device: device as string,
    use: (use ?? "compute") as InfiniBandHca["use"],
  }));
  return { kind: fabric.kind as "infiniband" | "roce", hcas, rateGbps };
}
