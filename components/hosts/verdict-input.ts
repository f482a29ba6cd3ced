import type { ReachabilityRule } from "./reachability";
import type { HostSpec, SitePolicy } from "./types";

/** What the verdict needs to know of a host from the inventory. */
export type InventoryHost = Pick<HostSpec, "name" | "role" | "addresses" | "machineType">;

/**
 * The hosts as the stack describes them, without anything secret. The stack's program writes it beside the host programs, as
 * `.turducken/<stack>/set.json`: it would be half of the state of a big cluster, and `probe` judges by the same words.
 */
export interface Inventory {
  readonly schema: 1;
  readonly cluster: string;
  readonly site?: SitePolicy;
  /** Keys are named by `ssh`, not held. */
  readonly hosts: readonly (InventoryHost & Pick<HostSpec, "ssh" | "hostKey">)[];
  readonly reachability?: readonly ReachabilityRule[];
}

/** What only a run knows; the JSON on stdin of `turducken verdict --inventory FILE`. */
export interface Answers {
  /** Host name → stdout of its facts script. */
  readonly facts: Readonly<Record<string, string>>;
  /** Seconds since the epoch at which the facts were taken, if that was now; then the hosts' clocks are compared with it. */
  readonly now?: number;
  /** Secret name → private key. With keys, clocks and paths between hosts are asked over SSH. */
  readonly keys?: Readonly<Record<string, string>>;
}

/** Without `--inventory`, both in one. */
export type VerdictInput = Inventory & Answers;
