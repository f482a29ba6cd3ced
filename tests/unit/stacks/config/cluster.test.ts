import { nodeLabels } from "../../../../hardware";
import { parseCluster } from "../../../../stacks/config";
import { exampleRaw, hostKey, OPTIONS, problemsOf, spoilt, type Raw } from "./example";

test("the example is resolved: hosts in order with their places, defaults filled in, the tree in two tiers", () => {
  const { config, hosts, tree, settings, warnings } = parseCluster(exampleRaw(), OPTIONS);
  expect(hosts.map(({ name, role, addresses, leaf }) => [name, role, addresses.advertise, leaf])).toEqual([
    ["cp1", "control-plane", "10.0.0.10", undefined],
    ["n01", "worker", "10.0.0.11", "l1"],
    ["n02", "worker", "10.0.0.12", "l1"],
    ["n03", "worker", "10.0.0.13", "l1"],
    ["n04", "worker", "10.0.0.14", "l2"],
    ["n05", "worker", "10.0.0.15", "l2"],
    ["n06", "worker", "10.0.0.16", "l3"],
  ]);
  expect(hosts[3]).toMatchObject({
    hostKey: hostKey("n03"),
    generation: 1,
    state: "active",
    ssh: { port: 22, privateKeySecret: "sshPrivateKey" },
  });
  expect(tree.tiers).toEqual(["leaf", "spine"]);
  expect(nodeLabels(tree, "n06")).toEqual({ "fabric.topograph.run/tier-0": "l3", "fabric.topograph.run/tier-1": "s2" });
  expect(settings).toMatchObject({
    version: "1.36.3",
    controlPlaneEndpoint: "10.0.0.10:6443",
    gangs: true,
    cni: "flannel",
    containerd: { source: "repository" },
  });
  expect(config).toMatchObject({
    site: { munge: "verify" },
    maintenance: { policy: "defer", maxUnavailable: 1, reboot: "never" },
  });
  expect(warnings).toEqual([]);
});

test("states and generations reach their hosts and no other", () => {
  const raw = spoilt((each) => Object.assign(each, { states: { n06: "leaving" }, generations: { n03: 4 } }));
  const { hosts } = parseCluster(raw, OPTIONS);
  expect(hosts.filter(({ state }) => state !== "active").map(({ name, state }) => [name, state])).toEqual([["n06", "leaving"]]);
  expect(hosts.filter(({ generation }) => generation !== 1).map(({ name, generation }) => [name, generation])).toEqual([
    ["n03", 4],
  ]);
});

test("of three addresses bind and advertise stand for each other, and for reach", () => {
  const parse = (addresses: object) =>
    parseCluster(
      spoilt((raw) => (raw.hosts[3].addresses = addresses)),
      OPTIONS,
    ).hosts[6]!.addresses;
  expect(parse({ reach: "10.0.0.16" })).toEqual({ reach: "10.0.0.16", bind: "10.0.0.16", advertise: "10.0.0.16" });
  expect(parse({ reach: "n06.example.org", advertise: "10.1.0.16" })).toEqual({
    reach: "n06.example.org",
    bind: "10.1.0.16",
    advertise: "10.1.0.16",
  });
  expect(parse({ reach: "10.0.0.16", bind: "10.1.0.16", advertise: "10.2.0.16" })).toEqual({
    reach: "10.0.0.16",
    bind: "10.1.0.16",
    advertise: "10.2.0.16",
  });
});

test("an inventory without Kubernetes is complete, and needs no control plane", () => {
  const raw = spoilt((each) => {
    delete each.kubernetes;
    each.hosts.shift();
  });
  expect(parseCluster(raw, OPTIONS).settings).toBeUndefined();
});

test("an endpoint of an IPv6 control plane is in brackets", () => {
  const raw = spoilt((each) => (each.hosts[0].addresses = "fd00::10"));
  expect(parseCluster(raw, OPTIONS).settings!.controlPlaneEndpoint).toBe("[fd00::10]:6443");
});

/** [what is wrong, how to make it so, [path, shown value] of every problem] */
const MISTAKES: [string, (raw: Raw) => void, [string, unknown?][]][] = [
  ["an unknown key", (raw) => (raw.hosts[3].laef = "l3"), [["cluster.hosts[3].laef"]]],
  ["a missing field", (raw) => delete raw.ssh.user, [["cluster.ssh.user"]]],
  ["a version that YAML reads as a number", (raw) => (raw.kubernetes.version = 1.36), [["cluster.kubernetes.version", 1.36]]],
  [
    "a word that is none of those allowed",
    (raw) => (raw.maintenance = { policy: "later" }),
    [["cluster.maintenance.policy", "later"]],
  ],
  ["a generation below 1", (raw) => (raw.generations = { n01: 0 }), [["cluster.generations.n01", 0]]],
  ["a text that is no hostlist", (raw) => (raw.hosts[3].names = "n[06"), [["cluster.hosts[3].names", "n[06"]]],
  ["a name Kubernetes does not take", (raw) => (raw.hosts[3].names = "N_06"), [["cluster.hosts[3].names", "N_06"]]],
  [
    "addresses of another length",
    (raw) => (raw.hosts[1].addresses = "10.0.0.[11-12]"),
    [["cluster.hosts[1].addresses", "10.0.0.[11-12]"]],
  ],
  ["an address that is none", (raw) => (raw.hosts[3].addresses = "10.0.0.300"), [["cluster.hosts[3].addresses", "10.0.0.300"]]],
  [
    "a name as the only address",
    (raw) => (raw.hosts[3].addresses = "n06.example.org"),
    [["cluster.hosts[3].addresses", "n06.example.org"]],
  ],
  [
    "names and no inner addresses",
    (raw) => (raw.hosts[3].addresses = { reach: "n06.example.org" }),
    [["cluster.hosts[3].addresses", "n06.example.org"]],
  ],
  ["host keys of another length", (raw) => raw.hosts[1].hostKeys.pop(), [["cluster.hosts[1].hostKeys"]]],
  ["no host key", (raw) => delete raw.hosts[3].hostKeys, [["cluster.hosts[3].hostKeys"]]],
  [
    "a host key cut off",
    (raw) => (raw.hosts[3].hostKeys = ["ssh-ed25519 AAAAC3Nz"]),
    [["cluster.hosts[3].hostKeys[0]", "ssh-ed25519 AAAAC3Nz"]],
  ],
  ["a host twice", (raw) => (raw.hosts[3].names = "n05"), [["cluster.hosts[3].names", "n05"]]],
  ["an address twice", (raw) => (raw.hosts[3].addresses = "10.0.0.11"), [["cluster.hosts[3].addresses", "10.0.0.11"]]],
  [
    "an unknown machine type",
    (raw) => (raw.hosts[3].machineType = "cpu-genric"),
    [["cluster.hosts[3].machineType", "cpu-genric"]],
  ],
  [
    "a machine type of one's own that is wrong",
    (raw) => {
      raw.machineTypes = { mine: { cores: 0, memoryGiB: 8, fabric: { kind: "ethernet", rateGbps: 10 } } };
      raw.hosts[3] = { ...raw.hosts[3], machineType: "mine", pool: "other" };
    },
    [["cluster.machineTypes.mine.cores", 0]],
  ],
  ["two machine types in one pool", (raw) => (raw.hosts[3].machineType = "dgx-h100"), [["cluster.hosts[3].pool", "compute"]]],
  ["no control plane", (raw) => (raw.hosts[0] = { ...raw.hosts[0], role: "worker", leaf: "l1" }), [["cluster.hosts", []]]],
  ["two control planes", (raw) => (raw.hosts[3].role = "control-plane"), [["cluster.hosts", ["cp1", "n06"]]]],
  [
    "a host without a leaf",
    (raw) => delete raw.hosts[1].leaf,
    [
      ["cluster.hosts[1].leaf", "n[01-03]"],
      ["cluster.topology.spines.s1[0]", "l1"],
    ],
  ],
  ["a leaf under two spines", (raw) => raw.topology.spines.s2.push("l1"), [["cluster.topology.spines.s2[1]", "l1"]]],
  ["a leaf under no spine", (raw) => raw.topology.spines.s1.pop(), [["cluster.topology.spines", "l2"]]],
  [
    "gangs on a Kubernetes that has none",
    (raw) => (raw.kubernetes.version = "1.35.1"),
    [["cluster.kubernetes.version", "1.35.1"]],
  ],
  [
    "a Kubernetes that kubeadm's configuration does not fit",
    (raw) => Object.assign(raw.kubernetes, { version: "1.20.0", gangs: false }),
    [["cluster.kubernetes.version", "1.20.0"]],
  ],
  [
    "pods over services",
    (raw) => (raw.kubernetes.podCIDR = "10.96.0.0/16"),
    [["cluster.kubernetes.serviceCIDR", "10.96.0.0/12"]],
  ],
  ["a state of an unknown host", (raw) => (raw.states = { n7: "leaving" }), [["cluster.states.n7"]]],
  ["a generation of an unknown host", (raw) => (raw.generations = { n7: 2 }), [["cluster.generations.n7"]]],
  ["a control plane that leaves", (raw) => (raw.states = { cp1: "leaving" }), [["cluster.states.cp1", "leaving"]]],
  [
    "all workers leaving",
    (raw) => (raw.states = Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`n0${n}`, n === 1 ? "lost" : "leaving"]))),
    [["cluster.states", "n[01-06]"]],
  ],
  [
    "more nodes to wait for than there are",
    (raw) => Object.assign(raw, { minReady: { compute: 6 }, states: { n06: "down" } }),
    [["cluster.minReady.compute", 6]],
  ],
  ["an unknown pool", (raw) => (raw.minReady = { comput: 1 }), [["cluster.minReady.comput"]]],
  ["munge managed without a key", (raw) => (raw.site = { munge: "manage" }), [["cluster.site.munge", "manage"]]],
  ["an unknown secret", (raw) => (raw.ssh.privateKey = "sshKey"), [["cluster.ssh.privateKey"]]],
  ["a pull secret nobody set", (raw) => (raw.kubernetes.pullSecret = "registry"), [["cluster.kubernetes.pullSecret"]]],
];

test.each(MISTAKES)("%s is one problem at its place", (_what, change, expected) => {
  const found = problemsOf(spoilt(change)).map(({ path, value }) => (value === undefined ? [path] : [path, value]));
  expect(found).toEqual(expected);
});

test("every problem says what to do", () => {
  for (const [, change] of MISTAKES) {
    for (const problem of problemsOf(spoilt(change))) {
      expect(problem.fix.length).toBeGreaterThan(5);
      expect(problem.message.length).toBeGreaterThan(5);
    }
  }
});

test("mistakes of shape and of meaning are shown together, none hidden by another", () => {
  const raw = spoilt((each) => {
    each.kubernetes.cgroupDriver = "cgroup";
    each.hosts[0].machineType = "cpu-genric";
    each.hosts[1].pol = "x";
    each.hosts[1].addresses = "10.0.0.[11-12]";
    each.states = { n09: "lost" };
    each.ssh.privateKey = "nobody";
  });
  expect(problemsOf(raw).map(({ path }) => path)).toEqual([
    "cluster.hosts[1].pol",
    "cluster.kubernetes.cgroupDriver",
    "cluster.ssh.privateKey",
    "cluster.hosts[1].addresses",
    "cluster.hosts[0].machineType",
    "cluster.states.n09",
  ]);
});

test("while a group's names are not understood, nothing is concluded from hosts that are not there", () => {
  const raw = spoilt((each) => {
    each.hosts[0].names = "cp[1";
    each.states = { cp1: "down" };
  });
  expect(problemsOf(raw).map(({ path }) => path)).toEqual(["cluster.hosts[0].names"]);
});

test("an unknown key names the nearest one, and a machine type its neighbours", () => {
  expect(problemsOf(spoilt((raw) => (raw.kubernets = {})))[0]).toMatchObject({ path: "cluster.kubernets", fix: "Remove it." });
  const noKubernetes = spoilt((raw) => {
    delete raw.kubernetes;
    raw.kubernets = {};
  });
  expect(problemsOf(noKubernetes)[0]).toMatchObject({ path: "cluster.kubernets", fix: "Did you mean kubernetes?" });
  expect(problemsOf(spoilt((raw) => (raw.hosts[3].machineType = "h100")))[0]).toMatchObject({ allowed: "nearest: dgx-h100" });
});

test("trust on first use must be asked for, and is then a warning that counts the hosts", () => {
  const raw = spoilt((each) => {
    each.ssh.trustOnFirstUse = true;
    delete each.hosts[1].hostKeys;
  });
  expect(parseCluster(raw, OPTIONS).warnings).toEqual([
    expect.objectContaining({ path: "cluster.ssh.trustOnFirstUse", message: "3 hosts are believed without a pinned key." }),
  ]);
});

test("hosts with one and the same key are a warning that names them", () => {
  const raw = spoilt((each) => (each.hosts[3].hostKeys = [`${hostKey("n04")} root@image`]));
  expect(parseCluster(raw, OPTIONS).warnings).toEqual([expect.objectContaining({ path: "cluster.hosts", value: "n[04,06]" })]);
});

describe("secrets", () => {
  const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n";

  test("a nested `secure:` is refused, and its ciphertext not shown", () => {
    const problems = problemsOf(spoilt((raw) => (raw.ssh.privateKey = { secure: "v1:abcdefgh" })));
    expect(problems.map(({ path, value }) => [path, value])).toEqual([["cluster.ssh.privateKey", undefined]]);
    expect(JSON.stringify(problems)).not.toContain("abcdefgh");
  });

  test.each(["ssh.privateKey", "hosts.3.leaf", "hosts.3.hostKeys.0", "kubernetes.kubelet.registerNode", "name"])(
    "a private key at %s is found and nothing of it shown",
    (place) => {
      const raw = spoilt((each) => {
        each.kubernetes.kubelet = {};
        const parts = place.split(".");
        const last = parts.pop()!;
        parts.reduce((at, part) => at[part], each)[last] = KEY;
      });
      const problems = problemsOf(raw);
      expect(problems.map(({ path }) => path)).toContain(`cluster.${place.replace(/\.(\d+)/g, "[$1]")}`);
      expect(JSON.stringify(problems)).not.toContain("b3BlbnNzaC1rZXktdjEA");
    },
  );

  test("what stands where a secret's name belongs is never shown", () => {
    const problems = problemsOf(spoilt((raw) => (raw.ssh.privateKey = "hunter2hunter2")));
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });

  test("when the CLI has decrypted something inside, no value of the whole is shown", () => {
    const raw = spoilt((each) => Object.assign(each, { name: "Decrypted_Secret" }));
    const problems = problemsOf(raw, { ...OPTIONS, holdsSecrets: true });
    expect(problems.map(({ path }) => path)).toEqual(["cluster", "cluster.name"]);
    expect(JSON.stringify(problems)).not.toContain("Decrypted_Secret");
  });

  test("a key configured in plain text is told apart from one that is not there", () => {
    const [problem] = problemsOf(exampleRaw(), { keys: { secret: [], plain: ["sshPrivateKey"] } });
    expect(problem).toMatchObject({
      path: "cluster.ssh.privateKey",
      message: "The key that it names is configured in plain text.",
    });
  });
});

test.each([
  [undefined],
  [null],
  ["cluster"],
  [[]],
  [{}],
  [{ hosts: 3, ssh: [], kubernetes: "1.36" }],
  [{ hosts: [null, 1, {}] }],
])("%j gives problems and no crash", (raw) => expect(problemsOf(raw).length).toBeGreaterThan(0));

test("an EC2 type that the catalogue lacks is described in the stack file, and a type from documentation only is a warning", () => {
  const raw = spoilt((each) => {
    each.machineTypes = {
      "p7.48xlarge": {
        provider: "aws",
        cores: 96,
        threadsPerCore: 2,
        memoryGiB: 2048,
        fabric: { kind: "efa", rateGbps: 400 },
        aws: {
          networkCards: [
            { interfaces: 4, efa: false },
            { interfaces: 4, count: 16 },
          ],
          ipv4PerInterface: 50,
          topologyLayers: 4,
        },
      },
    };
    each.hosts[2] = { ...each.hosts[2], pool: "own", machineType: "p7.48xlarge" };
    each.hosts[3] = { ...each.hosts[3], pool: "new", machineType: "trn2u.48xlarge" };
  });
  const { hosts, warnings } = parseCluster(raw, OPTIONS);
  expect(hosts[4]!.machineType).toMatchObject({
    name: "p7.48xlarge",
    provider: "aws",
    topologyTiers: ["leaf", "spine", "core", "tier-3"],
    fabric: { kind: "efa", interfaces: 16, networkCards: 17 },
  });
  expect(warnings).toMatchObject([{ path: "cluster.hosts", value: "trn2u.48xlarge" }]);
});
