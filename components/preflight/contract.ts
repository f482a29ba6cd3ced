import { completeness, describeCompleteness } from "../../hardware";
import type { Problem } from "../config/problems";
import type { ClusterContract } from "../contract/contract";
import { featureGates, GANG_MINORS, type Scheduler } from "../kubernetes/gates";
import { minorOf } from "../kubernetes/versions";

/** What does not hold together in a contract, whoever wrote it. */
export function contractProblems(contract: ClusterContract): Problem[] {
  const { version, distribution, gangApi } = contract.kubernetes;
  const problems: Problem[] = [];
  if (!/^\d+\.\d+(\.\d+)?$/.test(version)) {
    problems.push({
      path: "cluster.kubernetes.version",
      value: version,
      message: "it is not a version of Kubernetes, so nothing that depends on it can be judged",
      allowed: "1.36 or 1.36.3",
      fix: "correct the contract where it is made",
    });
    return problems;
  }
  if (gangApi === undefined) return problems;
  const known = GANG_MINORS.includes(minorOf(version)) ? featureGates(version, true).gangApi : undefined;
  const at = { path: "cluster.kubernetes.gangApi", value: gangApi, fix: "correct the contract where it is made" };
  if (distribution !== "kubeadm")
    problems.push({
      ...at,
      message: `${distribution} gives no access to the control plane's feature gates, so nothing serves it there`,
    });
  else if (known !== gangApi)
    problems.push({
      ...at,
      message: `Kubernetes ${minorOf(version)} does not serve it`,
      allowed: known ?? `none; ${GANG_MINORS.join(" and ")} have such an API`,
    });
  return problems;
}

/** What a user should know before work is placed by it. */
export function contractWarnings(contract: ClusterContract, scheduler: Scheduler): Problem[] {
  return [...placeWarnings(contract, scheduler), ...completenessWarnings(contract)];
}

function placeWarnings(contract: ClusterContract, scheduler: Scheduler): Problem[] {
  if (contract.topologyKeys.length > 0 || scheduler === "default") return [];
  return [
    {
      path: "cluster.topologyKeys",
      message: `nothing says where the nodes of cluster ${contract.name} are in the network, so no job can be kept in one part of it (\`within\`)`,
      fix: "give the hosts a leaf in the cluster stack",
    },
  ];
}

/** A node without a label is left out by schedulers that look at it, and jobs without `within` may run on it at any distance. */
function completenessWarnings(contract: ClusterContract): Problem[] {
  const nodes = contract.nodes.filter((node) => node.schedulable);
  if (contract.topologyKeys.length === 0 || nodes.length === 0) return [];
  const keys = Object.fromEntries(contract.topologyKeys.map(({ tier }) => [tier, tier]));
  const seen = { keys, nodes: nodes.map(({ name, domains }) => ({ name, labels: domains })) };
  const result = completeness(seen, nodes);
  if (result.complete) return [];
  const sentences = describeCompleteness({ ...result, pools: result.pools.filter((pool) => pool.complete < pool.expected) });
  return sentences.map((message) => ({
    path: "cluster.nodes",
    message: message.replace(/\.$/, ""),
    fix: "say in the cluster stack where these nodes are; jobs with `within` do not use them",
  }));
}
