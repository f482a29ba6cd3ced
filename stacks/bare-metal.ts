import { join, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { renderProblems } from "../components/config/problems";
import { buildContract } from "../components/contract/build";
import {
  baseSteps,
  HostSet,
  leaveSteps,
  MUNGE_SECRET,
  renderHostProgram,
  siteSteps,
  type HostProgram,
  type HostSpec,
  type Phase,
  type ReachabilityRule,
} from "../components/hosts";
import { KubeadmCluster, kubernetesSteps, rollHooks } from "../components/kubernetes";
import type { ParsedCluster } from "./config/parse";

/**
 * A cluster on machines that somebody already owns: facts of all hosts, the verdict over them, one program for each host,
 * Kubernetes, and what the stacks on top may rely on.
 *
 * @returns the outputs `cluster` (the contract, plain) and `kubeconfig` (secret); none without `kubernetes`
 */
export async function bareMetal(parsed: ParsedCluster): Promise<Record<string, unknown>> {
  const { config, hosts, tree, settings, warnings } = parsed;
  if (warnings.length > 0) await pulumi.log.warn(renderProblems(`cluster ${config.name}, warnings`, warnings));

  const secrets = new pulumi.Config();
  const hostSet = new HostSet("hosts", {
    cluster: config.name,
    hosts,
    programs: hostPrograms(parsed),
    secrets: (name) => secrets.requireSecret(name),
    prepareSecrets: config.site.munge === "manage" ? { [MUNGE_SECRET]: secrets.requireSecret(MUNGE_SECRET) } : {},
    verdict: { command: verdictCommand(), site: config.site, reachability: settings ? KUBERNETES_PORTS : [] },
  });
  if (!settings) return {};

  const kubernetes = new KubeadmCluster("kubernetes", {
    cluster: config.name,
    hosts,
    hostSet,
    settings,
    maintenance: config.maintenance,
    ...(settings.pullSecret ? { pullSecret: secrets.requireSecret(settings.pullSecret) } : {}),
  });
  const contract = buildContract({
    name: config.name,
    environment: config.environment,
    hosts,
    tree,
    settings,
    minReady: config.minReady,
  });
  return { cluster: contract, kubeconfig: kubernetes.kubeconfig };
}

/** TCP only: whether a UDP port (flannel's 8472) is open cannot be asked. The API server listens on 6443 behind any endpoint. */
export const KUBERNETES_PORTS: readonly ReachabilityRule[] = [
  { port: 6443, from: "worker", to: "control-plane", purpose: "kube-apiserver" },
  { port: 10250, from: "control-plane", to: "any", purpose: "kubelet" },
];

/** Host name → text of its program. A host's text depends on its own entry, the cluster's settings and the control planes only. */
export function hostPrograms(parsed: ParsedCluster): Map<string, string> {
  return new Map(parsed.hosts.map((host) => [host.name, renderHostProgram(hostProgram(host, parsed))]));
}

/** What the site has first, then Kubernetes; on leaving the other way round. */
function hostProgram(host: HostSpec, { config, hosts, settings }: ParsedCluster): HostProgram {
  const controlPlanes = hosts.filter(({ role }) => role === "control-plane");
  const steps = settings
    ? kubernetesSteps(host, settings, { controlPlanes, endpoint: settings.controlPlaneEndpoint, name: config.name })
    : {};
  const phase = (name: Phase) => steps[name] ?? [];
  return {
    cluster: config.name,
    host: host.name,
    steps: {
      prepare: [...baseSteps(host, config.name), ...siteSteps(host, config.site), ...phase("prepare")],
      cluster: phase("cluster"),
      roll: phase("roll"),
      leave: [...phase("leave"), ...leaveSteps()],
    },
    ...(settings ? { roll: rollHooks(host, settings) } : {}),
    maintenance: config.maintenance,
  };
}

/** `turducken verdict`, from the program's folder, so that two checkouts have the same state. */
function verdictCommand(): string[] {
  return ["node", relative(process.cwd(), join(__dirname, "..", "bin", "turducken.js")), "verdict"];
}
