import { quote } from "../../hosts/render/quote";
import type { Step } from "../../hosts/types";
import { cniBinDir, imageRepository, noProxy, type KubernetesSettings } from "../settings";
import { SIGNING_KEYS, VERSIONS } from "../versions";
import { aptInstall, aptKeyIs, aptRepository, aptReady } from "./apt";
import { all, fileIs, lines, proxyEnvironment, writeFile } from "./text";

/** The container runtime: package, configuration, limits, mirrors. */
export function containerdSteps(settings: KubernetesSettings): Step[] {
  return [
    settings.containerd.source === "repository" ? fromRepository(settings) : present(settings.containerd.minimumVersion),
    ...(settings.proxy ? [proxyDropIn(settings)] : []),
    ...Object.entries(settings.mirrors ?? {}).map(([registry, urls]) => mirror(registry, urls)),
    limits(),
    configuration(settings),
  ];
}

const KEYRING = "/etc/apt/keyrings/turducken-docker.asc";
const SOURCE = "/etc/apt/sources.list.d/turducken-docker.list";

/** `containerd.io` also brings runc; its version carries the distribution's name: `2.2.6-1~debian.12~bookworm`. */
function fromRepository(settings: KubernetesSettings): Step {
  const version = VERSIONS.containerd.version;
  const installed = all(
    aptKeyIs(KEYRING, SIGNING_KEYS.docker),
    `dpkg-query -W -f '\${db:Status-Abbrev}\${Version}\\n' containerd.io 2>/dev/null | grep -q '^hi ${version.replaceAll(".", "\\.")}-'`,
    "systemctl is-enabled --quiet containerd",
    "systemctl is-active --quiet containerd",
  );
  return {
    id: "containerd-package",
    title: `containerd ${version} of download.docker.com is installed and held`,
    check: installed,
    apply: lines(
      proxyEnvironment(settings.proxy, noProxy(settings)),
      aptReady(),
      "# shellcheck source=/dev/null",
      '. "$OS_RELEASE"',
      aptRepository({
        keyUrl: '"https://download.docker.com/linux/$ID/gpg"',
        fingerprint: SIGNING_KEYS.docker,
        keyring: KEYRING,
        source: SOURCE,
        line: `"deb [arch=$(dpkg --print-architecture) signed-by=${KEYRING}] https://download.docker.com/linux/$ID $VERSION_CODENAME stable"`,
      }),
      aptInstall([`containerd.io=${version}-*`]),
      "systemctl enable --now containerd",
    ),
    disruption: "restart",
    remedy:
      "without that repository in reach, install containerd yourself and set kubernetes.containerd: {source: present, minimumVersion: …}",
  };
}

/** Prints `2.2.6` whatever the packager wrote around it (`containerd github.com/containerd/containerd 1.6.20~ds1 …`). */
const INSTALLED_VERSION = "containerd --version | grep -oE '[0-9]+\\.[0-9]+\\.[0-9]+' | head -n 1";

function present(minimum: string): Step {
  const enough = all(
    "have containerd",
    "have ctr",
    `installed=$(${INSTALLED_VERSION})`,
    `[ "$(printf '%s\\n' ${quote(minimum)} "$installed" | sort -V | head -n 1)" = ${quote(minimum)} ]`,
    "systemctl is-enabled --quiet containerd",
    "systemctl is-active --quiet containerd",
  );
  return {
    id: "containerd-package",
    title: `containerd ${minimum} or newer is there and runs`,
    check: enough,
    apply: lines(
      "if ! have containerd || ! have ctr; then echo 'containerd or ctr is not installed' >&2; exit 1; fi",
      `installed=$(${INSTALLED_VERSION})`,
      `if [ "$(printf '%s\\n' ${quote(minimum)} "$installed" | sort -V | head -n 1)" != ${quote(minimum)} ]; then echo "containerd $installed is older than ${minimum}" >&2; exit 1; fi`,
      "systemctl enable --now containerd",
    ),
    disruption: "none",
    remedy: "install a newer containerd, or set kubernetes.containerd: {source: repository}",
  };
}

const DROP_INS = "/etc/systemd/system/containerd.service.d";
const RESTART = lines("systemctl daemon-reload", "systemctl restart containerd");

/** RDMA libraries in pods pin memory; a limit here would be every pod's. */
function limits(): Step {
  const content = "[Service]\nLimitMEMLOCK=infinity\n";
  const path = `${DROP_INS}/10-turducken-limits.conf`;
  return {
    id: "containerd-limits",
    title: "containers may lock memory without limit",
    check: fileIs(path, "0644", content),
    apply: lines(writeFile(path, "0644", content), RESTART),
    disruption: "restart",
  };
}

function proxyDropIn(settings: KubernetesSettings): Step {
  const { http, https } = settings.proxy!;
  const variables = { HTTP_PROXY: http, HTTPS_PROXY: https ?? http, NO_PROXY: noProxy(settings) };
  const content = `[Service]\n${Object.entries(variables)
    .filter(([, value]) => value)
    .map(([name, value]) => `Environment="${name}=${value}"\n`)
    .join("")}`;
  const path = `${DROP_INS}/20-turducken-proxy.conf`;
  return {
    id: "containerd-proxy",
    title: "images are pulled through the proxy",
    check: fileIs(path, "0644", content),
    apply: lines(writeFile(path, "0644", content), RESTART),
    disruption: "restart",
  };
}

/** containerd reads these files at every pull, so nothing restarts. */
function mirror(registry: string, urls: readonly string[]): Step {
  const server = registry === "docker.io" ? "https://registry-1.docker.io" : `https://${registry}`;
  const content = `server = "${server}"\n${urls.map((url) => `\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n`).join("")}`;
  const path = `/etc/containerd/certs.d/${registry}/hosts.toml`;
  return {
    id: `mirror-${registry.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`,
    title: `images of ${registry} are asked from its mirrors first`,
    check: fileIs(path, "0644", content),
    apply: writeFile(path, "0644", content),
    disruption: "none",
  };
}

const CONFIG = "/etc/containerd/config.toml";

function configuration(settings: KubernetesSettings): Step {
  const render = containerdConfig(settings);
  return {
    id: "containerd-config",
    title: "containerd has the cgroup driver, sandbox image, device interface and plugin folder of this cluster",
    check: lines(render, `containerd_config | file_is ${CONFIG} 0644`),
    apply: lines(
      render,
      `if [ -f ${CONFIG} ] && ! grep -q '^# Written by turducken' ${CONFIG} && [ ! -e ${CONFIG}.before-turducken ]; then cp -p ${CONFIG} ${CONFIG}.before-turducken; fi`,
      "mkdir -p /etc/containerd",
      `containerd_config | write_file ${CONFIG} 0644`,
      "systemctl restart containerd",
      "wait_for 30 ctr version >/dev/null",
    ),
    disruption: "restart",
    remedy: "journalctl -u containerd shows why it does not start",
  };
}

/**
 * A bash function `containerd_config` that prints the file for the containerd that is installed: format 3 since 2.0
 * (containerd/containerd:docs/cri/config.md@v2.2.0), format 2 before; `bin_dirs` since 2.1, CDI since 1.7.
 */
export function containerdConfig(settings: KubernetesSettings): string {
  const systemd = String(settings.cgroupDriver === "systemd");
  const sandbox = `${imageRepository(settings)}/pause:${VERSIONS.pause.version}`;
  const bin = cniBinDir(settings);
  return `containerd_config() {
  local version major minor restrict=false
  version=$(${INSTALLED_VERSION})
  major=\${version%%.*}
  minor=\${version#*.}
  minor=\${minor%%.*}
  # Without CAP_SYS_RESOURCE (bit 24) nobody may lower oom_score_adj, and every container would fail to start.
  if (( (0x$(awk '/^CapBnd:/ {print $2}' /proc/self/status) >> 24 & 1) == 0 )); then restrict=true; fi
  echo '# Written by turducken; changes here are overwritten.'
  if (( major >= 2 )); then
    echo 'version = 3'
    echo "[plugins.'io.containerd.cri.v1.images'.pinned_images]"
    echo ${quote(`  sandbox = "${sandbox}"`)}
    echo "[plugins.'io.containerd.cri.v1.images'.registry]"
    echo '  config_path = "/etc/containerd/certs.d"'
    echo "[plugins.'io.containerd.cri.v1.runtime']"
    echo '  enable_cdi = true'
    echo '  cdi_spec_dirs = ["/etc/cdi", "/var/run/cdi"]'
    echo "  restrict_oom_score_adj = $restrict"
    echo "[plugins.'io.containerd.cri.v1.runtime'.cni]"
    echo '  conf_dir = "/etc/cni/net.d"'
    if (( major > 2 || minor >= 1 )); then
      echo ${quote(`  bin_dirs = ["${bin}"]`)}
    else
      echo ${quote(`  bin_dir = "${bin}"`)}
    fi
    echo "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]"
    echo '  runtime_type = "io.containerd.runc.v2"'
    echo "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]"
    echo '  SystemdCgroup = ${systemd}'
  else
    echo 'version = 2'
    echo '[plugins."io.containerd.grpc.v1.cri"]'
    echo ${quote(`  sandbox_image = "${sandbox}"`)}
    echo "  restrict_oom_score_adj = $restrict"
    if (( minor >= 7 )); then
      echo '  enable_cdi = true'
      echo '  cdi_spec_dirs = ["/etc/cdi", "/var/run/cdi"]'
    fi
    echo '[plugins."io.containerd.grpc.v1.cri".cni]'
    echo ${quote(`  bin_dir = "${bin}"`)}
    echo '  conf_dir = "/etc/cni/net.d"'
    echo '[plugins."io.containerd.grpc.v1.cri".registry]'
    echo '  config_path = "/etc/containerd/certs.d"'
    echo '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]'
    echo '  runtime_type = "io.containerd.runc.v2"'
    echo '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]'
    echo '  SystemdCgroup = ${systemd}'
  fi
}`;
}
