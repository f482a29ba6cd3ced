/** What only AWS has: the fields of a machine type that a launch template, a node group or a preflight needs. */

/** One network card of an instance type, in card order. */
export interface NetworkCard {
  /** Network interfaces that fit on this card. */
  readonly interfaces: number;
  /** Whether one of them can be an EFA (at most one EFA a card). */
  readonly efa: boolean;
}

/**
 * How the EFA interfaces lie on the cards: `primary` puts an `efa` (with an address) on card 0 device 0, `dedicated` puts a
 * plain interface there and `efa-only` ones elsewhere.
 */
export type EfaLayout = "primary" | "dedicated";

export type AwsUsage = "on-demand" | "spot" | "capacity-block";
export type AwsPlacement = "cluster" | "partition" | "spread";

export interface AwsFacts {
  readonly networkCards: readonly NetworkCard[];
  /** Cards that the layouts put an EFA on, where AWS says to use fewer than can carry one; absent: all that can. */
  readonly efaCards?: readonly number[];
  /** Cards that carry one more plain interface in AWS's own layout for the most IP bandwidth; absent: none is documented. */
  readonly extraInterfaceCards?: readonly number[];
  /** Rate of the whole machine in Gbit/s; less than cards × rate for some types. */
  readonly networkGbps: number;
  /** IPv4 addresses of one interface, its own included. */
  readonly ipv4PerInterface: number;
  readonly usage: readonly AwsUsage[];
  readonly placement: readonly AwsPlacement[];
  /** Layers that DescribeInstanceTopology answers with; 0 where it does not know the type. */
  readonly topologyLayers: 0 | 3 | 4;
  /** The layout to use when the user does not choose, and why in the catalogue's comments. */
  readonly layout: EfaLayout;
  /** Zone ids where it is sold, for types that are in few zones; absent where that was not looked up. */
  readonly zones?: readonly string[];
  /** Local disks in GB, one entry a disk; their number is the type's `localDisks`. Empty as well where no size was given. */
  readonly localDisksGB: readonly number[];
  /** What the machine can do with EBS volumes; absent where no source gives it. */
  readonly ebs?: {
    readonly baselineMbps: number;
    readonly maximumMbps: number;
    readonly baselineIops: number;
    readonly maximumIops: number;
  };
  readonly metal: boolean;
  readonly currentGeneration: boolean;
}
