import type { ClusterContract } from "../../../components/contract/contract";
import { checkGang, type GangSpec } from "../../../components/gang";
import { featureGates } from "../../../components/kubernetes/gates";
import { nodeLabels, topologyKeys, treeFromInventory, type FabricTree } from "../../../hardware";
import { REHEARSED } from "../binaries/versions";

export interface ScaleOptions {
  readonly nodes: number;
  /** Nodes are dealt out evenly: leaves differ by one node at most. */
  readonly leaves: number;
  readonly gangs: number;
  /** Nodes of a gang: every number from the least to the most is equally likely. @default 2 to 16 */
  readonly sizes?: readonly [least: number, most: number];
  /** @default 1 */
  readonly seed?: number;
}

/** A simulated cluster and the gangs that are put on it. */
export interface ScalePlan {
  readonly tree: FabricTree;
  readonly contract: ClusterContract;
  /** Each within a leaf; a pod asks for a quarter of a node. */
  readonly gangs: readonly GangSpec[];
  /** One node more than the largest leaf has: within a leaf it can never start. */
  readonly misfit: GangSpec;
}

/** What each node has; a pod asks for a quarter of it, and `pods` is the kubelet's default. */
export const NODE_ROOM = { cpu: "8", memory: "32Gi", pods: "110" } as const;
export const PODS_PER_NODE = 4;
const POD_ROOM = { cpu: "2", memory: "8Gi" } as const;
const POOL = "compute";

/** 1,000 nodes in 60 leaves of 16 or 17, and 200 gangs of 2 to 16. */
export const FULL_SCALE: ScaleOptions = { nodes: 1000, leaves: 60, gangs: 200 };
/** 100 nodes in 6 leaves of 16 or 17, and 20 gangs. */
export const SMALL_SCALE: ScaleOptions = { nodes: 100, leaves: 6, gangs: 20 };

/**
 * Draws the cluster and the gangs; the same options give the same plan.
 *
 * All gangs fit whatever the scheduler chooses: a gang takes at most a quarter of each node, so a leaf with fewer than four
 * gangs has a place for any other that is no larger than the leaf, and there are fewer gangs than four for each leaf.
 *
 * @throws RangeError when that is not so
 */
export function scalePlan(options: ScaleOptions): ScalePlan {
  const { nodes, leaves, gangs, sizes = [2, 16], seed = 1 } = options;
  const smallest = Math.floor(nodes / leaves);
  if (gangs > PODS_PER_NODE * leaves || sizes[1] > smallest)
    throw new RangeError(`${gangs} gangs of up to ${sizes[1]} need not fit into ${leaves} leaves of at least ${smallest} nodes`);
  const tree = drawnTree(nodes, leaves);
  const contract = contractOf(tree);
  const next = random(seed);
  const size = () => sizes[0] + Math.floor(next() * (sizes[1] - sizes[0] + 1));
  const plan = {
    tree,
    contract,
    gangs: Array.from({ length: gangs }, (_, index) => gangOf(`gang-${digits(index, gangs)}`, size())),
    misfit: { ...gangOf("misfit", Math.ceil(nodes / leaves) + 1), unchecked: true },
  };
  const problems = plan.gangs.flatMap((gang) => checkGang(contract, gang).problems);
  if (problems.length > 0) throw new RangeError(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  return plan;
}

export function podsOf(gangs: readonly GangSpec[]): number {
  return gangs.reduce((sum, gang) => sum + gang.nodes, 0);
}

function gangOf(name: string, nodes: number): GangSpec {
  return { name, nodes, within: "leaf", image: "registry.invalid/work@sha256:0", resources: POD_ROOM };
}

/** Node names do not follow the leaves, as in a machine room where racks were filled over the years. */
function drawnTree(nodes: number, leaves: number): FabricTree {
  const { tree, problems } = treeFromInventory({
    nodes: Array.from({ length: nodes }, (_, index) => ({
      name: `n${digits(index, nodes)}`,
      leaf: `leaf-${digits(index % leaves, leaves)}`,
    })),
  });
  if (problems.length > 0) throw new RangeError(problems.map(({ message }) => message).join("\n"));
  return tree;
}

function contractOf(tree: FabricTree): ClusterContract {
  const version = REHEARSED.kubernetes.replace(/^v/, "");
  return {
    schema: 1,
    name: "simulated",
    environment: "bare-metal",
    kubernetes: { version, distribution: "kubeadm", gangApi: featureGates(version, true).gangApi },
    network: { cni: "none" },
    topologyKeys: topologyKeys(tree),
    labelsBy: "layers",
    pools: [
      {
        name: POOL,
        machineType: "simulated",
        arch: "amd64",
        fabric: "ethernet",
        cores: Number(NODE_ROOM.cpu),
        threadsPerCore: 1,
        memoryGiB: Number(NODE_ROOM.memory.replace("Gi", "")),
        gpus: 0,
        extendedResources: {},
        hugePagesMiB: 0,
        environment: { mpi: {} },
        tolerations: [],
        minReady: tree.nodes.length,
      },
    ],
    nodes: tree.nodes.map((node) => ({
      name: node.name,
      pool: POOL,
      schedulable: true,
      domains: { leaf: node.chain[0]! },
      labels: nodeLabels(tree, node.name),
    })),
    schedulers: ["gang", "default"],
  };
}

/** Numbers in [0, 1) that a seed decides: xorshift, 32 bits (Marsaglia 2003), which JavaScript's own generator cannot repeat. */
function random(seed: number): () => number {
  let state = (seed * 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state / 2 ** 32;
  };
}

function digits(index: number, count: number): string {
  return String(index).padStart(String(count - 1).length, "0");
}
