/** Inputs that tests of `turducken topology` share, in a folder of the test file's own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { Readable } from "node:stream";
import { runCommand, type CommandResult } from "./run-command";

export const ROOT = path.resolve(__dirname, "../../../..");
export const fixture = (name: string) => path.join(ROOT, "tests/fixtures/topology", name);

let made: string;
beforeAll(() => {
  made = mkdtempSync(path.join(tmpdir(), "turducken-topology-"));
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

export function file(name: string, content: unknown): string {
  const at = path.join(made, name);
  writeFileSync(at, typeof content === "string" ? content : JSON.stringify(content));
  return at;
}

export const topology = (...argv: string[]) => runCommand("topology", ...argv);

/** The same with a text on standard input. */
export async function piped(text: string, ...argv: string[]): Promise<CommandResult> {
  const real = Object.getOwnPropertyDescriptor(process, "stdin")!;
  Object.defineProperty(process, "stdin", { configurable: true, value: Readable.from([Buffer.from(text)]) });
  try {
    return await topology(...argv);
  } finally {
    Object.defineProperty(process, "stdin", real);
  }
}

export const INVENTORY = `
hosts:
  - {names: cp1, role: control-plane, pool: control, machineType: cpu-generic}
  - {names: "n[01-03]", pool: compute, leaf: l1, machineType: cpu-infiniband}
  - {names: "n[04-05]", pool: compute, leaf: l2, machineType: cpu-infiniband}
  - {names: n06, pool: gpu, leaf: l3, accelerator: nvl1, machineType: dgx-h100}
topology:
  spines: {s1: [l1, l2], s2: [l3]}
`;

/** The same fabric without the control plane, as node labels. */
export const PLACES: readonly [string, string, string][] = [
  ["n01", "l1", "s1"],
  ["n02", "l1", "s1"],
  ["n03", "l1", "s1"],
  ["n04", "l2", "s1"],
  ["n05", "l2", "s1"],
  ["n06", "l3", "s2"],
];
export const labelled = (places = PLACES) =>
  places.map(([name, leaf, spine]) => ({
    name,
    labels: { "fabric.topograph.run/tier-0": leaf, "fabric.topograph.run/tier-1": spine },
  }));

export const folder = (): string => made;
