import { setTimeout as sleep } from "node:timers/promises";
import { admissionBinding, admissionPolicy, gangJob, podGroup, POD_GROUP_LABEL, workNamespace } from "../../../components/gang";
import type { GangSpec } from "../../../components/gang";
import { gangApiGate } from "../../gate/api";
import { GateClient } from "../../gate/client";
import { ControlPlane } from "../control-plane";
import { BulkClient } from "./api";
import { watchBindings, type Bindings } from "./bindings";
import { launchKwok } from "./kwok";
import { NODE_ROOM, podsOf, type ScalePlan } from "./plan";
import { processorSeconds } from "./processor";

const NAMESPACE = "work";
const NODES_READY_SECONDS = 120;

export interface SimulatedClusterOptions {
  /** What findPrograms found. */
  readonly programs: string;
  /** The file of kwok. */
  readonly kwok: string;
  /** False: no node tells where it is, as on a cluster without us. @default true */
  readonly labels?: boolean;
}

export interface Placing {
  /** Gang → the nodes of its bound pods, one for each pod. */
  readonly nodes: ReadonlyMap<string, readonly string[]>;
  readonly pods: number;
  readonly bound: number;
  /** From before the first object was made until the last pod was bound. */
  readonly seconds: number;
  /** Of kube-scheduler meanwhile, 1 for one core. */
  readonly schedulerShare: number;
}

/**
 * A real etcd, kube-apiserver, kube-controller-manager and kube-scheduler with the gates for gangs, and as many simulated nodes
 * as the plan has. The controllers may send 1,000 requests a second (20 by default), so that the Job controller does not decide
 * how fast gangs are placed; the scheduler may send 50, its default. (With 1,000 it is hardly faster within leaves, where its own
 * work decides.)
 */
export class SimulatedCluster {
  private constructor(
    private readonly plan: ScalePlan,
    private readonly plane: ControlPlane,
    private readonly api: BulkClient,
  ) {}

  static async start(plan: ScalePlan, options: SimulatedClusterOptions): Promise<SimulatedCluster> {
    const limits = ["--kube-api-qps=1000", "--kube-api-burst=2000"];
    const plane = await ControlPlane.start(options.programs, true, { "kube-controller-manager": limits });
    const cluster = new SimulatedCluster(plan, plane, new BulkClient(plane.kubeconfig));
    try {
      launchKwok(plane, options.kwok);
      await cluster.makeNodes(options.labels ?? true);
      await cluster.makeWorkplace();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /**
   * Makes the PodGroups and Jobs of gangs and waits until all of their pods are bound. Their Services are left out: nothing
   * would resolve the names.
   *
   * @param limitSeconds without a pod being bound, after which what is bound is all there is
   */
  async place(gangs: readonly GangSpec[], limitSeconds = 60): Promise<Placing> {
    const pods = podsOf(gangs);
    const bindings = await this.watch(gangs);
    try {
      const cpu = this.schedulerSeconds();
      const begin = performance.now();
      await this.make(gangs);
      await bindings.until(pods, limitSeconds);
      const spent = this.schedulerSeconds() - cpu;
      const elapsed = (performance.now() - begin) / 1000;
      const { nodes } = bindings;
      const bound = [...nodes.values()].reduce((sum, each) => sum + each.length, 0);
      return { nodes, pods, bound, seconds: (bindings.lastAt - begin) / 1000, schedulerShare: spent / elapsed };
    } finally {
      bindings.stop();
    }
  }

  /**
   * Makes a gang that should not be placed, and tells how many of its pods exist and are bound when the time is over.
   *
   * @param settleSeconds between its last pod and the look at the scheduler, which tries often at first
   */
  async pend(
    gang: GangSpec,
    seconds: number,
    settleSeconds = 0,
  ): Promise<{ pods: number; bound: number; schedulerShare: number }> {
    const bindings = await this.watch([gang]);
    try {
      await this.make([gang]);
      await bindings.untilMade(gang.name, gang.nodes, 60);
      await sleep(settleSeconds * 1000);
      const schedulerShare = await this.schedulerShare(seconds);
      return {
        pods: bindings.made.get(gang.name) ?? 0,
        bound: bindings.nodes.get(gang.name)?.length ?? 0,
        schedulerShare,
      };
    } finally {
      bindings.stop();
    }
  }

  /** Processor time of kube-scheduler over the next seconds, as a share of one core. */
  async schedulerShare(seconds: number): Promise<number> {
    const [cpu, begin] = [this.schedulerSeconds(), performance.now()];
    await sleep(seconds * 1000);
    return (this.schedulerSeconds() - cpu) / ((performance.now() - begin) / 1000);
  }

  /** Starts kube-scheduler again, with a feature gate set otherwise, and gives it time to read the cluster. */
  async restartScheduler(gate: string, on: boolean, settleSeconds: number): Promise<void> {
    await this.plane.restart("kube-scheduler", [`--feature-gates=${gate}=${on}`]);
    await sleep(settleSeconds * 1000);
  }

  /** How many pods are Running, which only kwok makes them. */
  async running(): Promise<number> {
    const query = "fieldSelector=status.phase%3DRunning";
    return (await this.api.call<{ items: unknown[] }>("GET", `/api/v1/namespaces/${NAMESPACE}/pods?${query}`)).items.length;
  }

  async stop(): Promise<void> {
    this.api.close();
    await this.plane.stop();
  }

  private schedulerSeconds(): number {
    return processorSeconds(this.plane.pid("kube-scheduler"));
  }

  private watch(gangs: readonly GangSpec[]): Promise<Bindings> {
    return watchBindings(this.api, `/api/v1/namespaces/${NAMESPACE}/pods`, POD_GROUP_LABEL, gangs);
  }

  private async make(gangs: readonly GangSpec[]): Promise<void> {
    const { contract } = this.plan;
    const groups = contract.kubernetes.gangApi!;
    await this.api.all(gangs, async (gang) => {
      const group = podGroup(contract, gang, NAMESPACE);
      await this.create(`/apis/${groups}/namespaces/${NAMESPACE}/podgroups`, groups, "PodGroup", group);
      await this.create(`/apis/batch/v1/namespaces/${NAMESPACE}/jobs`, "batch/v1", "Job", gangJob(contract, gang, NAMESPACE));
    });
  }

  private async makeNodes(labels: boolean): Promise<void> {
    const status = { capacity: NODE_ROOM, allocatable: NODE_ROOM };
    await this.api.all(this.plan.contract.nodes, async (node) => {
      const metadata = { name: node.name, labels: { "kubernetes.io/hostname": node.name, ...(labels ? node.labels : {}) } };
      await this.create("/api/v1/nodes", "v1", "Node", { metadata, status });
      // The API server taints every new node; a node lifecycle controller, which does not run here, would take that away.
      await this.api.call("PATCH", `/api/v1/nodes/${node.name}`, [{ op: "remove", path: "/spec/taints" }]);
    });
    await this.until("all nodes Ready", NODES_READY_SECONDS, async () => {
      const { items } = await this.api.call<Nodes>("GET", "/api/v1/nodes?resourceVersion=0");
      const ready = items.filter((node) =>
        node.status.conditions?.some((each) => each.type === "Ready" && each.status === "True"),
      );
      return ready.length === this.plan.contract.nodes.length;
    });
  }

  /** A namespace, and the policy by which a label puts a pod into its gang. */
  private async makeWorkplace(): Promise<void> {
    const admission = "admissionregistration.k8s.io/v1";
    await this.create("/api/v1/namespaces", "v1", "Namespace", workNamespace(NAMESPACE));
    await this.create(`/apis/${admission}/mutatingadmissionpolicies`, admission, "MutatingAdmissionPolicy", admissionPolicy());
    await this.create(
      `/apis/${admission}/mutatingadmissionpolicybindings`,
      admission,
      "MutatingAdmissionPolicyBinding",
      admissionBinding(),
    );
    const question = { api: this.plan.contract.kubernetes.gangApi!, namespace: NAMESPACE, podGroupLabel: POD_GROUP_LABEL };
    const verdict = await gangApiGate({ ...question, timeoutSeconds: 60 }, new GateClient(this.plane.kubeconfig));
    if (!verdict.passed) throw new Error(verdict.lines.join("\n"));
  }

  private async create(path: string, apiVersion: string, kind: string, object: object): Promise<void> {
    await this.api.call("POST", path, { apiVersion, kind, ...object });
  }

  private async until(what: string, seconds: number, ask: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!(await ask())) {
      if (Date.now() > end) throw new Error(`not so within ${seconds} s: ${what}`);
      await sleep(500);
    }
  }
}

interface Nodes {
  readonly items: readonly { readonly status: { readonly conditions?: readonly { type: string; status: string }[] } }[];
}
