import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { expandHostlist } from "../../../../hardware";
import {
  clusterOverrides,
  overrideCluster,
  overrideWorkload,
  stepKind,
  type LabFacts,
  type StackConfig,
} from "../../../../tools/rehearse/overrides";
import type { Lab } from "../../../../tools/rehearse/types";

const repository = join(__dirname, "../../../..");

function example(stack: string): StackConfig {
  const { config } = parse(readFileSync(join(repository, "stacks", `Pulumi.${stack}.yaml`), "utf8")) as {
    config: Record<string, unknown>;
  };
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("turducken:", ""), value]));
}

/** What the overrides read of a lab: names, addresses, keys. */
function facts(cgroup: LabFacts["cgroup"]): LabFacts {
  const names = ["cp1", "n01", "n02", "n03", "n04", "n05", "n06"];
  const hosts = new Map(
    names.map((name, index) => [name, { name, address: `10.70.1.${index + 1}`, hostKey: `ssh-ed25519 KEY${index}` }]),
  );
  return { lab: { hosts, privateKey: "LAB KEY" } as unknown as Lab, cgroup, expand: expandHostlist };
}

interface Cluster {
  hosts: { names: string; addresses: string; hostKeys: string[]; leaf?: string }[];
  ssh: Record<string, unknown>;
  topology: unknown;
  kubernetes: Record<string, unknown>;
}

test("the example's machines become the lab's, and its topology stays", () => {
  const before = example("bare-metal");
  const { config } = overrideCluster(before, facts("tmpfs"));
  const cluster = config.cluster as Cluster;
  expect(cluster.hosts.map(({ names, addresses, hostKeys, leaf }) => ({ names, addresses, hostKeys, leaf }))).toEqual([
    { names: "cp1", addresses: "10.70.1.1", hostKeys: ["ssh-ed25519 KEY0"], leaf: undefined },
    {
      names: "n[01-03]",
      addresses: "10.70.1.2,10.70.1.3,10.70.1.4",
      hostKeys: ["ssh-ed25519 KEY1", "ssh-ed25519 KEY2", "ssh-ed25519 KEY3"],
      leaf: "l1",
    },
    { names: "n[04-05]", addresses: "10.70.1.5,10.70.1.6", hostKeys: ["ssh-ed25519 KEY4", "ssh-ed25519 KEY5"], leaf: "l2" },
    { names: "n06", addresses: "10.70.1.7", hostKeys: ["ssh-ed25519 KEY6"], leaf: "l3" },
  ]);
  expect(cluster.topology).toEqual((before.cluster as Cluster).topology);
  expect(config.sshPrivateKey).toBe("LAB KEY");
});

test("the user's configuration is left as it was", () => {
  const before = example("bare-metal");
  const copy = structuredClone(before);
  overrideCluster(before, facts("tmpfs"));
  expect(before).toEqual(copy);
});

test("cgroup v1 is only put in place of v2 where the machine has it", () => {
  const v1 = overrideCluster(example("bare-metal"), facts("tmpfs"));
  const v2 = overrideCluster(example("bare-metal"), facts("cgroup2fs"));
  expect((v1.config.cluster as Cluster).kubernetes).toMatchObject({
    cgroupDriver: "cgroupfs",
    kubelet: { failCgroupV1: false, failSwapOn: false },
  });
  expect((v2.config.cluster as Cluster).kubernetes.cgroupDriver).toBeUndefined();
  expect(v2.applied.map(({ id }) => id)).not.toContain("cgroup-v1");
});

test("every override says what it replaces and why, and none is called real", () => {
  const { applied } = overrideCluster(example("bare-metal"), facts("tmpfs"));
  expect(applied.map(({ id }) => id)).toEqual(
    expect.arrayContaining([
      "addresses",
      "ssh",
      "kubernetes-packages",
      "images",
      "containerd",
      "kernel-modules",
      "cgroup-v1",
      "cni",
    ]),
  );
  for (const { what, why, kind } of applied) {
    expect(["replaced", "left-out"]).toContain(kind);
    expect(Math.min(what.length, why.length)).toBeGreaterThan(10);
  }
});

test("a step counts as replaced by the override that names it, and as real otherwise", () => {
  expect(stepKind("kubernetes-packages")).toEqual({ kind: "replaced", note: "kubernetes-packages" });
  expect(stepKind("kubeadm-join")).toEqual({ kind: "real" });
});

test("step ids that overrides name exist in the host programs", () => {
  const sources = ["packages", "containerd", "images", "system"]
    .map((file) => readFileSync(join(repository, `components/kubernetes/steps/${file}.ts`), "utf8"))
    .join("\n");
  for (const step of clusterOverrides.flatMap(({ steps }) => steps ?? [])) expect(sources).toContain(`"${step}"`);
});

test("gangs keep their size and place, and get an image that exists and a request that fills a node", () => {
  const { workload } = overrideWorkload(example("bare-metal-gang"), "registry.local/work:v1") as {
    workload: { gangs: Record<string, unknown>[] };
  };
  expect(workload.gangs).toMatchObject([
    { name: "ring", nodes: 3, within: "leaf", image: "registry.local/work:v1", resources: { cpu: "1100m" } },
  ]);
});
