import { parse, parseAllDocuments } from "yaml";
import { CA_HASH_PLACE, TOKEN_PLACE } from "../../../../components/kubernetes/kubeadm";
import { endpointHost, endpointUrl, kubeadmConfiguration } from "../../../../components/kubernetes";
import { cluster, controlPlane, host, settings } from "./fixtures";

type Args = { name: string; value: string }[];
const byName = (args: Args) => Object.fromEntries(args.map(({ name, value }) => [name, value]));
const initDocuments = (chosen = settings(), view = cluster) =>
  parseAllDocuments(kubeadmConfiguration(view.controlPlanes[0]!, chosen, view).init).map((each) => each.toJS());

test("the control plane of a cluster with gangs is configured like this", () => {
  expect(kubeadmConfiguration(controlPlane, settings(), cluster).cluster).toBe(`apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
clusterName: example
kubernetesVersion: v1.36.3
controlPlaneEndpoint: 10.0.0.10:6443
networking:
  podSubnet: 10.244.0.0/16
  serviceSubnet: 10.96.0.0/12
apiServer:
  certSANs:
    - 10.0.0.10
    - cp1
  extraArgs:
    - name: feature-gates
      value: GenericWorkload=true,TopologyAwareWorkloadScheduling=true
    - name: runtime-config
      value: scheduling.k8s.io/v1alpha2=true
controllerManager:
  extraArgs:
    - name: feature-gates
      value: GenericWorkload=true
scheduler:
  extraArgs:
    - name: feature-gates
      value: GenericWorkload=true,GangScheduling=true,TopologyAwareWorkloadScheduling=true,SchedulerPopFromBackoffQ=false
`);
});

test("a worker joins by its own name, bound to its own address, and gives up after a minute", () => {
  const spec = host("n02", "worker", "10.0.0.12", {
    addresses: { reach: "10.0.0.12", bind: "10.1.0.12", advertise: "10.2.0.12" },
  });
  const join = parse(kubeadmConfiguration(spec, settings(), cluster).join);
  expect(join.nodeRegistration.name).toBe("n02");
  expect(byName(join.nodeRegistration.kubeletExtraArgs)).toEqual({ "node-ip": "10.1.0.12" });
  expect(join.nodeRegistration.taints).toEqual([]);
  expect(join.discovery.bootstrapToken).toEqual({
    apiServerEndpoint: "10.0.0.10:6443",
    token: TOKEN_PLACE,
    caCertHashes: [CA_HASH_PLACE],
  });
  expect(join.timeouts).toEqual({ discovery: "1m0s", kubeletHealthCheck: "1m0s", tlsBootstrap: "1m0s" });
});

test("where others dial another address, etcd keeps the host's own and the API server advertises theirs", () => {
  const spec = host("cp1", "control-plane", "192.168.0.1", {
    addresses: { reach: "192.168.0.1", bind: "10.1.0.1", advertise: "10.2.0.1" },
  });
  const [init, document] = initDocuments(settings({ controlPlaneEndpoint: "api.site:443" }), {
    controlPlanes: [spec],
    endpoint: "api.site:443",
    name: "example",
  });
  expect(init.localAPIEndpoint).toEqual({ advertiseAddress: "10.1.0.1", bindPort: 6443 });
  expect(byName(document.apiServer.extraArgs)["advertise-address"]).toBe("10.2.0.1");
  expect(document.apiServer.certSANs).toEqual(["api.site", "cp1", "10.2.0.1", "10.1.0.1", "192.168.0.1"]);
});

test("the user's kubelet and kube-proxy settings win over ours", () => {
  const [, , kubelet, kubeProxy] = initDocuments(
    settings({ kubelet: { cgroupDriver: "cgroupfs", maxPods: 42 }, kubeProxy: { mode: "nftables" } }),
  );
  expect(kubelet).toMatchObject({ cgroupDriver: "cgroupfs", maxPods: 42, rotateCertificates: true });
  expect(kubeProxy).toMatchObject({ mode: "nftables", clusterCIDR: "10.244.0.0/16" });
});

test("init leaves no token of 24 hours behind", () => {
  const [init] = initDocuments();
  expect(init.bootstrapTokens.map((token: { ttl: string }) => token.ttl)).toEqual(["1m0s"]);
  expect(init.skipPhases).toEqual(["show-join-command"]);
});

test("without gangs no gate is set", () => {
  const [, document] = initDocuments(settings({ gangs: false }));
  expect([document.apiServer.extraArgs, document.controllerManager.extraArgs, document.scheduler.extraArgs]).toEqual([
    [],
    [],
    [],
  ]);
});

test("endpoints may be names, IPv4 and IPv6 addresses", () => {
  expect(["api.site:443", "10.0.0.10:6443", "[fd00::1]:6443"].map(endpointHost)).toEqual(["api.site", "10.0.0.10", "fd00::1"]);
  expect(endpointUrl("[fd00::1]:6443")).toBe("https://[fd00::1]:6443");
});
