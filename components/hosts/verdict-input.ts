import type { ReachabilityRule } from "./reachability";
import type { HostSpec, SitePolicy } from "./types";

/** What the verdict needs to know of a host from the inventory. */
export type InventoryHost = Pick<HostSpec, "name" | "role" | "addresses" | "machineType">;

/** How to reach a host; keys stand once in `VerdictInput.keys`, under the name the host's `ssh` gives. */
export type InventoryConnection = Pick<HostSpec, "name" | "addresses" | "ssh" | "hostKey">;

/** The JSON on stdin of `turducken verdict`. */
export interface VerdictInput {
  readonly cluster: string;
  readonly site?: SitePolicy;
  readonly hosts: readonly InventoryHost[];
  /** Host name → stdout of its facts script. */
  readonly facts: Readonly<Record<string, string>>;
  /** Seconds since the epoch at which the facts were taken, when they are from this moment; then clocks are compared with it. */
  readonly now?: number;
  /** With connections, clocks and reachability are asked over SSH now. */
  readonly connections?: readonly InventoryConnection[];
  readonly keys?: Readonly<Record<string, string>>;
  readonly reachability?: readonly ReachabilityRule[];
}
