import type { HardwareProblem } from "../../problem";
import type { FabricTree } from "../../types";
import { domainOf, nodeOf } from "../tree";
import { acceleratorKey, topologyKeys, type LabelProfile } from "./profiles";

export { ACCELERATOR_KEY, FABRIC_KEY_PREFIX, topologyKeys } from "./profiles";

/** Kubernetes' limit for a label value, in characters. */
export const LABEL_VALUE_LIMIT = 63;

/**
 * The topology labels that a node must carry, exactly. Tiers without a known domain give no label.
 *
 * @param profile whose keys; `aws` and `gke` are what those clouds would set, for clusters that stand elsewhere
 * @throws RangeError when the tree has no such node or more tiers than the profile, or a domain's name cannot be a label value
 */
export function nodeLabels(tree: FabricTree, name: string, profile: LabelProfile = "topograph"): Record<string, string> {
  const node = nodeOf(tree, name);
  const labels: Record<string, string> = {};
  for (const { tier, key } of topologyKeys(tree, profile)) {
    const domain = domainOf(tree, node, tier);
    if (domain !== undefined) labels[key] = labelValue(domain);
  }
  if (node.accelerator !== undefined) labels[acceleratorKey(profile)] = labelValue(node.accelerator);
  return labels;
}

/**
 * The label value that stands for a domain: its name, or for names of more than 63 characters `x` and the name's FNV-64a
 * hash in hexadecimal without leading zeros, as Topograph does (`checkLabel` in the file above), so that both agree.
 *
 * @throws RangeError when the name has characters that a label value cannot have; they are never changed silently
 */
export function labelValue(text: string): string {
  const wrong = labelProblem(text);
  if (wrong) throw new RangeError(`${JSON.stringify(text)} cannot be a node label: ${wrong}`);
  return text.length <= LABEL_VALUE_LIMIT ? text : `x${fnv64a(text).toString(16)}`;
}

/** Why a domain's name cannot become a label value, or undefined when it can. Length is no reason: see {@link labelValue}. */
export function labelProblem(text: string): string | undefined {
  if (text === "") return "it is empty";
  const bad = /[^A-Za-z0-9_.-]/u.exec(text);
  if (bad) return `character ${bad.index + 1} is ${JSON.stringify(bad[0])}`;
  if (!/^[A-Za-z0-9]/.test(text)) return `it begins with ${JSON.stringify(text[0])}`;
  if (!/[A-Za-z0-9]$/.test(text)) return `it ends with ${JSON.stringify(text[text.length - 1])}`;
  return undefined;
}

/** Two domains of one tier whose label values are the same: a long name's hash beside a name that looks like it. */
export function labelClashes(tree: FabricTree): HardwareProblem[] {
  const problems: HardwareProblem[] = [];
  for (const distance of [...tree.tiers, "accelerator" as const]) {
    const names = new Set(tree.nodes.map((node) => domainOf(tree, node, distance)).filter((name) => name !== undefined));
    const byValue = new Map<string, string>();
    for (const name of names) {
      if (labelProblem(name)) continue;
      const value = labelValue(name);
      const other = byValue.get(value);
      if (other !== undefined) {
        problems.push({
          path: "cluster.topology",
          value: name,
          message: `As a node label (${value}) the ${distance} ${name} cannot be told from ${other}.`,
          allowed: "names whose label values differ",
          fix: `Rename one of them, best to at most ${LABEL_VALUE_LIMIT} characters.`,
        });
      }
      byValue.set(value, name);
    }
  }
  return problems;
}

/** FNV-1a over the UTF-8 bytes, 64 bits. Names that get here are ASCII, one byte a character. */
export function fnv64a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let index = 0; index < text.length; index++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n);
  }
  return hash;
}
