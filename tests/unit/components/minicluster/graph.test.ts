import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { MiniCluster, type MiniClusterLayers, type MiniClusterSpec } from "../../../../components/minicluster";
import { graphOf, plainText, revealed } from "../../../fixtures/graph";
import { contractOf, GANG, lammps } from "./fixtures";

const SEED = Buffer.alloc(32, 7).toString("base64");
const KUBECONFIG = "users: [{name: u, user: {token: SCOPED}}]";

const graph = (spec: Partial<MiniClusterSpec> = {}, layers: MiniClusterLayers = GANG, preview = false) =>
  graphOf(
    async () => {
      const provider = new k8s.Provider("kubernetes", { kubeconfig: pulumi.secret(KUBECONFIG), clusterIdentifier: "x" });
      const args = { contract: contractOf("cpu-generic"), layers, spec: { ...lammps, ...spec }, namespace: "work" };
      new MiniCluster("lammps", { ...args, kubeconfig: pulumi.secret(KUBECONFIG) }, { provider });
      return {};
    },
    {
      preview,
      live: (type) => {
        if (type === "random:index/randomBytes:RandomBytes") return { base64: SEED };
        return type === "kubernetes:flux-framework.org/v1alpha2:MiniCluster" ? { metadata: { uid: "uid-1" } } : {};
      },
    },
  );
const CLUSTER = "kubernetes:flux-framework.org/v1alpha2:MiniCluster";
const GROUP = "kubernetes:scheduling.k8s.io/v1alpha2:PodGroup";

describe("MiniCluster", () => {
  test("makes the seed and the PodGroup first, so that deletion takes the pods before the group", async () => {
    const { find, resources } = await graph({ within: "leaf" });
    expect(find("random:index/randomBytes:RandomBytes", "lammps-seed")).toMatchObject({
      parent: "lammps",
      inputs: { length: 32 },
    });
    expect(find(GROUP, "lammps-group")).toMatchObject({
      parent: "lammps",
      provider: "kubernetes",
      deleteBeforeReplace: false,
      replaceOnChanges: ["spec"],
      inputs: {
        metadata: { name: expect.stringMatching(/^lammps-[0-9a-f]{6}$/), namespace: "work" },
        spec: {
          schedulingPolicy: { gang: { minCount: 2 } },
          schedulingConstraints: { topology: [{ key: "fabric.topograph.run/tier-0" }] },
        },
      },
    });
    expect(find(CLUSTER, "lammps-cluster")).toMatchObject({
      parent: "lammps",
      provider: "kubernetes",
      dependsOn: ["lammps-group", "lammps-seed"],
      deleteBeforeReplace: true,
      replaceOnChanges: ["spec"],
      additionalSecretOutputs: ["spec"],
      inputs: { spec: { pod: { labels: { "turducken.dev/pod-group": expect.stringMatching(/^lammps-[0-9a-f]{6}$/) } } } },
    });
    expect(resources.map(({ name }) => name)).not.toContain("lammps-gate");
  });

  test("shows neither the seed nor the key, and the rest of the object can be read in a preview", async () => {
    const { find, resources } = await graph();
    const { flux } = (find(CLUSTER, "lammps-cluster").inputs as { spec: { flux: Record<string, unknown> } }).spec;
    const text = revealed(flux.curveCert) as string;
    const secret = /secret-key = "(.{40})"/.exec(text)![1]!;
    expect(plainText(resources)).not.toContain(secret);
    expect(plainText(resources)).not.toContain("SCOPED");
    expect(plainText(resources.filter(({ type }) => type !== "random:index/randomBytes:RandomBytes"))).not.toContain(SEED);
    expect(plainText(find(CLUSTER, "lammps-cluster").inputs)).toContain("flux-view-ubuntu:tag-noble");
  });

  test("is the same for the same seed", async () => {
    const inputs = async () => (await graph()).find(CLUSTER, "lammps-cluster").inputs;
    expect(await inputs()).toEqual(await inputs());
  });

  test("with Fluence the PodGroup has no topology, which Fluence would not read", async () => {
    const { find } = await graph({ within: "leaf", leaf: "l1" }, { scheduler: "fluence" });
    expect(find(GROUP, "lammps-group").inputs).toMatchObject({ spec: { schedulingPolicy: { gang: { minCount: 2 } } } });
    expect(find(GROUP, "lammps-group").inputs.spec).not.toHaveProperty("schedulingConstraints");
    expect(find(CLUSTER, "lammps-cluster").inputs).toMatchObject({ spec: { pod: { schedulerName: "fluence" } } });
  });

  test.each<[MiniClusterLayers]>([[{ scheduler: "default" }], [{ scheduler: "kueue", queue: "work" }]])(
    "makes no PodGroup with %o",
    async (layers) => {
      const { find, resources } = await graph({}, layers);
      expect(resources.filter(({ type }) => type === GROUP)).toEqual([]);
      expect(find(CLUSTER, "lammps-cluster").dependsOn).toEqual(["lammps-seed"]);
    },
  );

  test("waits for the Job of this very MiniCluster, with credentials on standard input", async () => {
    const { find } = await graph({ wait: "complete", waitSeconds: 600 });
    const gate = find("command:local:Command", "lammps-gate");
    expect(gate).toMatchObject({
      parent: "lammps",
      createTimeout: "630s",
      dependsOn: expect.arrayContaining(["lammps-cluster"]),
    });
    expect(gate.inputs.create).toMatch(/ gate --job lammps --namespace work --until complete$/);
    expect(JSON.parse(revealed(gate.inputs.stdin) as string)).toEqual({
      kubeconfig: KUBECONFIG,
      owner: "uid-1",
      timeoutSeconds: 600,
    });
  });

  test("can be previewed before anything is there", async () => {
    const { find } = await graph({ wait: "started" }, GANG, true);
    expect(find(CLUSTER, "lammps-cluster").inputs).toMatchObject({ spec: { size: 2 } });
  });
});
