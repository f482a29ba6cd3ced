import { readFileSync } from "node:fs";
import { join } from "node:path";
import { INVENTORY_FILE, stackFolder, type Inventory } from "../../components/hosts/plain";
import { Asset, type GraphResource, type ProgramResult } from "../engine/types";
import { toPlainMap } from "../engine/properties";
import type { SshEndpoint, SshTarget } from "../ssh";

/** What a probe needs of one host, as the stack's own program says it. */
export interface ProbeHost {
  readonly name: string;
  readonly target: SshTarget;
  readonly generation: number;
  /** Command and stdin of the facts resource. */
  readonly facts: { readonly command: string; readonly stdin: string };
  /** Text of the host program. */
  readonly program: string;
}

export interface ProbeSet {
  readonly inventory: Inventory;
  readonly hosts: readonly ProbeHost[];
}

interface Connection extends Omit<SshEndpoint, "name"> {
  readonly proxy?: Omit<SshEndpoint, "name">;
}

const COMMAND = "command:remote:Command";
const COPY = "command:remote:CopyToRemote";

/**
 * Takes the hosts out of a planned cluster stack: connections, facts commands and host programs are exactly those of `up`. Hosts
 * that are `lost` or `down` are not in the inventory and are not contacted.
 *
 * @returns undefined when the stack has no hosts
 */
export function probeSet(result: ProgramResult, directory: string, stack: string): ProbeSet | undefined {
  const find = (type: string, name: string) => result.resources.find((each) => each.type === type && each.name === name);
  if (!find("command:local:Command", "set")) return undefined;
  const inventory = JSON.parse(readFileSync(join(directory, stackFolder(stack), INVENTORY_FILE), "utf8")) as Inventory;
  const hosts = inventory.hosts.flatMap(({ name }) => {
    const facts = find(COMMAND, `${name}-facts`);
    const copy = find(COPY, `${name}-copy`);
    return facts && copy ? [probeHost(name, facts, copy, directory)] : [];
  });
  return { inventory, hosts };
}

function probeHost(name: string, facts: GraphResource, copy: GraphResource, directory: string): ProbeHost {
  const { connection, create, stdin } = toPlainMap(facts.inputs) as { connection: Connection; create: string; stdin: string };
  const { proxy, ...endpoint } = connection;
  const source = copy.inputs.source as Asset;
  return {
    name,
    target: { name, ...endpoint, ...(proxy ? { bastion: proxy } : {}) },
    generation: Number(/# generation (\d+)$/.exec(create)?.[1] ?? 0),
    facts: { command: create, stdin },
    program: readFileSync(join(directory, source.path!), "utf8"),
  };
}
