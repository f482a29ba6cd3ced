import { labelKeyProblems, validateKubernetes, type KubernetesSettings } from "../../../../components/kubernetes";
import { controlPlane, host, labSettings, settings, worker } from "./fixtures";

const paths = (more: Partial<KubernetesSettings>, hosts = [controlPlane, worker]) =>
  validateKubernetes({ settings: settings(more), hosts }).map((each) => each.path.replace("cluster.", ""));

test("the defaults and the rehearsal's settings are fine", () => {
  expect(validateKubernetes({ settings: settings(), hosts: [controlPlane, worker] })).toEqual([]);
  expect(validateKubernetes({ settings: labSettings, hosts: [controlPlane, worker] })).toEqual([]);
});

test.each<[string, Partial<KubernetesSettings>, string[]]>([
  ["a version without its patch", { version: "1.36" }, ["kubernetes.version"]],
  ["a version before kubeadm v1beta4", { version: "1.30.1", gangs: false }, ["kubernetes.version"]],
  ["gangs on a version that is not in the table", { version: "1.35.2" }, ["kubernetes.version"]],
  ["an endpoint without a port", { controlPlaneEndpoint: "10.0.0.10" }, ["kubernetes.controlPlaneEndpoint"]],
  ["an endpoint that is half an address", { controlPlaneEndpoint: "10.0.0:6443" }, ["kubernetes.controlPlaneEndpoint"]],
  ["services inside the pods' range", { serviceCIDR: "10.244.128.0/20" }, ["kubernetes.serviceCIDR"]],
  ["pods in the hosts' range, once per address", { podCIDR: "10.0.0.0/20" }, ["kubernetes.podCIDR", "kubernetes.podCIDR"]],
  ["a range that is none", { podCIDR: "10.244.0.0" }, ["kubernetes.podCIDR"]],
  ["bridges on IPv6", { cni: "bridge", podCIDR: "fd00:1::/48" }, ["kubernetes.podCIDR"]],
  ["more hosts than node ranges", { podCIDR: "10.244.0.0/24" }, ["kubernetes.podCIDR"]],
  [
    "containerd 1 under Kubernetes 1.37",
    { version: "1.37.2", containerd: { source: "present", minimumVersion: "1.7.0" } },
    ["kubernetes.containerd.minimumVersion"],
  ],
  ["a proxy that is no URL", { proxy: { http: "proxy:3128" } }, ["kubernetes.proxy.http"]],
])("%s is refused", (_, more, expected) => {
  expect(paths(more)).toEqual(expected);
});

test("a proxy's password is refused and not repeated", () => {
  const problems = validateKubernetes({
    settings: settings({ proxy: { https: "http://user:hunter2@proxy:3128" } }),
    hosts: [controlPlane],
  });
  expect(problems.map((each) => each.path)).toEqual(["cluster.kubernetes.proxy.https"]);
  expect(JSON.stringify(problems)).not.toContain("hunter2");
});

test("none and two control planes are refused", () => {
  expect(paths({}, [worker])).toEqual(["hosts"]);
  expect(paths({}, [controlPlane, host("cp2", "control-plane", "10.0.0.9")])).toEqual(["hosts"]);
});

test("all problems come at once, each with what to do", () => {
  const problems = validateKubernetes({
    settings: settings({ version: "latest", podCIDR: "x", controlPlaneEndpoint: ":1" }),
    hosts: [],
  });
  expect(problems.map((each) => each.path)).toEqual([
    "cluster.kubernetes.version",
    "cluster.kubernetes.controlPlaneEndpoint",
    "cluster.hosts",
    "cluster.kubernetes.podCIDR",
  ]);
  for (const { fix, allowed } of problems) expect([fix.length > 0, (allowed ?? "").length > 0]).toEqual([true, true]);
});

test.each([
  ["fabric.topograph.run/tier-0", true],
  ["topology.kubernetes.io/zone", true],
  ["node.kubernetes.io/anything", true],
  ["site", true],
  ["topology.kubernetes.io/rack", false],
  ["node-role.kubernetes.io/gpu", false],
  ["node-restriction.kubernetes.io/x", false],
  ["a/b/c", false],
  ["-x", false],
])("the label key %s is accepted by a kubelet: %s", (key, accepted) => {
  expect(labelKeyProblems(key, "labels")).toHaveLength(accepted ? 0 : 1);
});
