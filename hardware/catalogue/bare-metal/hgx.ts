/**
 * HGX: NVIDIA makes the baseboard with eight GPUs and their NVLink switches; processors, memory, disks and adapters are the
 * server maker's. A catalogue row would have to invent them, so a machine type is made of a board and what the user gives.
 */
import { nearestNames } from "../../nearest";
import type { HardwareProblem } from "../../problem";
import type { Accelerators, BareMetalMachineType } from "../../types";
import { validateInlineTypes } from "../inline";

export interface HgxBoard {
  readonly name: string;
  readonly accelerators: Accelerators;
  readonly source: string;
}

type Fields = Readonly<Record<string, unknown>>;

const SOURCE = "https://www.nvidia.com/en-us/data-center/hgx/";

const board = (name: string, product: string): HgxBoard => ({
  name,
  accelerators: { vendor: "nvidia", product, count: 8, resource: "nvidia.com/gpu" },
  source: SOURCE,
});

/** What does not depend on the server maker. */
export const HGX_BOARDS: readonly HgxBoard[] = [
  board("hgx-h100", "NVIDIA-H100-80GB-HBM3"),
  board("hgx-h200", "NVIDIA-H200"),
  board("hgx-b200", "NVIDIA-B200"),
];

/**
 * A machine type of an HGX board in a server of the user's. It must have a fabric with adapters, because which of them are
 * compute and which storage differs between makers.
 *
 * @param name of the new type
 * @param machine the server: fields as `validateInlineTypes` takes them (cores, memoryGiB, fabric with hcas, ...), without
 *   accelerators
 * @param path where it stands, for the problems
 */
export function hgxType(
  boardName: string,
  name: string,
  machine: unknown,
  path = "cluster.machineTypes",
): { readonly type?: BareMetalMachineType; readonly problems: readonly HardwareProblem[] } {
  const found = HGX_BOARDS.find((each) => each.name === boardName);
  const at = `${path}.${name}`;
  if (!found) {
    const names = HGX_BOARDS.map((each) => each.name);
    const [nearest = names[0]!] = nearestNames(boardName, names, 1);
    const message = "There is no HGX board of this name.";
    return { problems: [{ path: `${at}.board`, value: boardName, message, allowed: names.join(", "), fix: `Use ${nearest}.` }] };
  }
  if (typeof machine !== "object" || machine === null || Array.isArray(machine)) {
    return { problems: validateInlineTypes({ [name]: machine }, path).problems };
  }
  const problems = boardProblems(machine as Fields, at);
  const { types, problems: others } = validateInlineTypes({ [name]: { ...machine, accelerators: found.accelerators } }, path);
  const type = types[name];
  if (problems.length > 0 || others.length > 0 || type?.provider !== "bare-metal") return { problems: [...problems, ...others] };
  return { type: { ...type, source: `user; ${found.source}` }, problems: [] };
}

/** What the board decides, and what only the user knows. */
function boardProblems(machine: Fields, at: string): HardwareProblem[] {
  const problems: HardwareProblem[] = [];
  if (machine.accelerators !== undefined) {
    const message = "The board decides the accelerators.";
    problems.push({ path: `${at}.accelerators`, value: machine.accelerators, message, fix: "Remove accelerators." });
  }
  const kind = (machine.fabric as { kind?: unknown } | undefined)?.kind;
  if (kind === "ethernet") {
    const message = "An HGX machine needs its adapters, which differ between server makers.";
    const fix = "List the adapters under hcas, each with its use; `ibv_devices` and `nvidia-smi topo -m` show them.";
    problems.push({ path: `${at}.fabric.kind`, value: kind, message, allowed: "infiniband, roce", fix });
  }
  return problems;
}
