/**
 * A fabric as it was discovered: hosts, switches, and the cables between them. A graph, not a tree: a host may hang under
 * eight leaves, and a leaf under every spine. `treeFromGraph` makes the tree of it.
 */

export interface GraphAdapter {
  /** Unique among adapters and switches, e.g. `b83fd20300a1b2c4`. */
  readonly guid: string;
  /** Device name under /sys/class/infiniband, e.g. `mlx5_0`, where known. */
  readonly device?: string;
  /** Only compute adapters say where a host is. */
  readonly use: "compute" | "storage";
}

export interface GraphHost {
  /** Unique among hosts. */
  readonly name: string;
  readonly adapters: readonly GraphAdapter[];
  /** Where it was read, e.g. `line 17`. */
  readonly path?: string;
}

export interface GraphSwitch {
  readonly guid: string;
  /** Absent when nobody named the switch. */
  readonly name?: string;
  /** e.g. `MQM9700`. */
  readonly model?: string;
  /** Which part of a chassis or of a box with several switch chips this is, e.g. `U1`, `L01/U1`. */
  readonly module?: string;
  /** How many ports it has. */
  readonly ports: number;
  /** Where it was read, e.g. `line 17`. */
  readonly path?: string;
}

/** One end of a cable: a port (from 1) of an adapter or a switch. */
export interface GraphEnd {
  readonly guid: string;
  readonly port: number;
}

export interface GraphLink {
  readonly ends: readonly [GraphEnd, GraphEnd];
  /** Where it was read, e.g. `line 17`. */
  readonly path?: string;
}

export interface FabricGraph {
  readonly hosts: readonly GraphHost[];
  readonly switches: readonly GraphSwitch[];
  /** Each cable once. */
  readonly links: readonly GraphLink[];
  /** GUIDs of end nodes that are no hosts: adapters without a name, routers. They have no place in the tree. */
  readonly others?: readonly string[];
}
