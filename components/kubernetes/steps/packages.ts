import { quote } from "../../hosts/render/quote";
import type { Step } from "../../hosts/types";
import { noProxy, type KubernetesSettings } from "../settings";
import { minorOf, SIGNING_KEYS } from "../versions";
import { aptInstall, aptKeyIs, aptReady, aptRepository } from "./apt";
import { all, fileIs, lines, proxyEnvironment, writeFile } from "./text";

const KEYRING = "/etc/apt/keyrings/turducken-kubernetes.asc";
const SOURCE = "/etc/apt/sources.list.d/turducken-kubernetes.list";
const BIN = "/usr/local/bin";
export const PROGRAMS = ["kubeadm", "kubelet", "kubectl"] as const;

/** kubeadm, kubelet and kubectl of one version. A change of the kubelet's version wants the host empty. */
export function packageSteps(settings: KubernetesSettings): Step[] {
  return settings.packages.source === "repository"
    ? [repository(settings), packages(settings)]
    : [directory(settings, settings.packages.path), units()];
}

function repository(settings: KubernetesSettings): Step {
  const url = `https://pkgs.k8s.io/core:/stable:/v${minorOf(settings.version)}/deb/`;
  const line = `deb [signed-by=${KEYRING}] ${url} /`;
  return {
    id: "kubernetes-repository",
    title: `packages of Kubernetes ${minorOf(settings.version)} come from pkgs.k8s.io, its key checked by fingerprint`,
    check: all(fileIs(SOURCE, "0644", `${line}\n`), aptKeyIs(KEYRING, SIGNING_KEYS.kubernetes)),
    apply: lines(
      proxyEnvironment(settings.proxy, noProxy(settings)),
      aptReady(),
      aptRepository({
        keyUrl: quote(`${url}Release.key`),
        fingerprint: SIGNING_KEYS.kubernetes,
        keyring: KEYRING,
        source: SOURCE,
        line: quote(line),
      }),
    ),
    disruption: "none",
    remedy:
      "without pkgs.k8s.io in reach, put the programs on the hosts and set kubernetes.packages: {source: directory, path: …}",
  };
}

function packages(settings: KubernetesSettings): Step {
  const held = (name: string) =>
    `dpkg-query -W -f '\${db:Status-Abbrev}\${Version}\\n' ${name} 2>/dev/null | grep -q '^hi ${settings.version.replaceAll(".", "\\.")}-'`;
  return {
    id: "kubernetes-packages",
    title: `kubeadm, kubelet and kubectl ${settings.version} are installed and held`,
    check: all(...PROGRAMS.map(held), "systemctl is-enabled --quiet kubelet"),
    apply: lines(
      proxyEnvironment(settings.proxy, noProxy(settings)),
      aptInstall(PROGRAMS.map((name) => `${name}=${settings.version}-*`)),
      "apt-mark hold kubernetes-cni",
      "systemctl enable kubelet",
      restartWhereItRuns(),
    ),
    disruption: "drain",
  };
}

/** kubeadm alone, in front of a control plane's upgrade: it must be of the new version while the kubelet still is not. */
export function kubeadmStep(settings: KubernetesSettings): Step {
  const { source } = settings.packages;
  const title = `kubeadm is of version ${settings.version}`;
  if (source === "repository") {
    return {
      id: "kubeadm-program",
      title,
      check: `package_installed kubeadm ${settings.version}-`,
      apply: lines(proxyEnvironment(settings.proxy, noProxy(settings)), aptInstall([`kubeadm=${settings.version}-*`])),
      disruption: "none",
    };
  }
  const program = `${programFolder(settings.packages.path, settings.version)}/kubeadm`;
  return {
    id: "kubeadm-program",
    title,
    check: `[ "$(readlink ${BIN}/kubeadm)" = ${quote(program)} ]`,
    apply: lines(
      `if [ ! -x ${quote(program)} ]; then echo ${quote(`there is no program ${program}`)} >&2; exit 1; fi`,
      `ln -sfn ${quote(program)} ${BIN}/.kubeadm.turducken`,
      `mv -T ${BIN}/.kubeadm.turducken ${BIN}/kubeadm`,
    ),
    disruption: "none",
  };
}

function programFolder(path: string, version: string): string {
  return `${path.replace(/\/+$/, "")}/v${version}`;
}

/** The programs stay where they are and are linked, so a version is changed in one move and nothing is copied. */
function directory(settings: KubernetesSettings, path: string): Step {
  const from = programFolder(path, settings.version);
  return {
    id: "kubernetes-packages",
    title: `kubeadm, kubelet and kubectl ${settings.version} are those of ${from}`,
    check: all(
      ...PROGRAMS.map(
        (name) => `[ -x ${quote(`${from}/${name}`)} ] && [ "$(readlink ${BIN}/${name})" = ${quote(`${from}/${name}`)} ]`,
      ),
    ),
    apply: lines(
      `for program in ${PROGRAMS.join(" ")}; do`,
      `  if [ ! -x ${quote(from)}/"$program" ]; then echo "there is no program ${from}/$program" >&2; exit 1; fi`,
      "done",
      `found=$(${quote(`${from}/kubelet`)} --version)`,
      `if [ "$found" != ${quote(`Kubernetes v${settings.version}`)} ]; then echo "${from}/kubelet says it is $found" >&2; exit 1; fi`,
      `mkdir -p ${BIN}`,
      `for program in ${PROGRAMS.join(" ")}; do`,
      `  ln -sfn ${quote(from)}/"$program" ${BIN}/."$program.turducken"`,
      `  mv -T ${BIN}/."$program.turducken" ${BIN}/"$program"`,
      "done",
      restartWhereItRuns(),
    ),
    disruption: "drain",
    remedy: `copy kubeadm, kubelet and kubectl ${settings.version} to ${from} on this host`,
  };
}

function restartWhereItRuns(): string {
  return "if systemctl is-active --quiet kubelet; then systemctl daemon-reload; systemctl restart kubelet; fi";
}

/** As in the packages of pkgs.k8s.io (kubernetes/release:cmd/krel/templates/latest), with a start only once kubeadm has written its configuration. */
const KUBELET_UNIT = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target containerd.service
ConditionPathExists=/var/lib/kubelet/config.yaml

[Service]
ExecStart=${BIN}/kubelet
Restart=always
StartLimitInterval=0
RestartSec=3

[Install]
WantedBy=multi-user.target
`;

const KUBEADM_DROP_IN = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=${BIN}/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;

function units(): Step {
  const unit = "/etc/systemd/system/kubelet.service";
  const dropIn = "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf";
  return {
    id: "kubelet-unit",
    title: "systemd starts the kubelet the way kubeadm expects",
    check: all(
      fileIs(unit, "0644", KUBELET_UNIT),
      fileIs(dropIn, "0644", KUBEADM_DROP_IN),
      "systemctl is-enabled --quiet kubelet",
    ),
    apply: lines(
      writeFile(unit, "0644", KUBELET_UNIT),
      writeFile(dropIn, "0644", KUBEADM_DROP_IN),
      "systemctl daemon-reload",
      "systemctl enable kubelet",
      "if systemctl is-active --quiet kubelet; then systemctl restart kubelet; fi",
    ),
    disruption: "restart",
  };
}
