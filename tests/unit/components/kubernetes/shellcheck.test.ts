import { spawnSync } from "node:child_process";
import { renderHostProgram } from "../../../../components/hosts/render/program";
import type { HostSpec, Phase, Step } from "../../../../components/hosts/types";
import {
  deleteNodeScript,
  drainScript,
  kubeconfigScript,
  kubernetesSteps,
  rollHooks,
  tokenScript,
  type KubernetesSettings,
} from "../../../../components/kubernetes";
import { routesScript } from "../../../../components/kubernetes/steps/network";
import { cluster, controlPlane, host, labSettings, settings, worker } from "./fixtures";

const shellcheck = spawnSync("shellcheck", ["--version"]).status === 0;
const whenShellcheck = shellcheck ? test : test.skip;
if (!shellcheck) console.warn("shellcheck is not installed: its tests are skipped");

function complaints(script: string): string {
  return spawnSync("shellcheck", ["-s", "bash", "-S", "style", "-e", "SC2016", "-"], { input: script, encoding: "utf8" }).stdout;
}

function program(spec: HostSpec, chosen: KubernetesSettings): string {
  const steps: Record<Phase, readonly Step[]> = {
    prepare: [],
    cluster: [],
    roll: [],
    leave: [],
    ...kubernetesSteps(spec, chosen, cluster),
  };
  return renderHostProgram({
    cluster: "example",
    host: spec.name,
    steps,
    roll: rollHooks(spec, chosen),
    maintenance: { policy: "defer", reboot: "never", waitSeconds: 60 },
  });
}

const everything: Partial<KubernetesSettings> = {
  pullSecret: "pullSecret",
  proxy: { http: "http://proxy.site:3128", noProxy: "10.0.0.0/8" },
  mirrors: { "docker.io": ["https://mirror.site"], "registry.k8s.io": ["https://k8s.site"] },
  hugePages2Mi: 64,
  images: { repository: "registry.site/k8s", directory: "/opt/it's here" },
};
const variants: readonly [string, HostSpec, KubernetesSettings][] = [
  ["a control plane from package repositories", controlPlane, settings()],
  ["a worker from package repositories with everything asked for", worker, settings(everything)],
  ["a control plane with everything asked for", controlPlane, settings({ ...everything, cni: "none" })],
  ["a control plane from a directory with bridges", controlPlane, labSettings],
  ["a leaving worker from a directory with bridges", { ...worker, state: "leaving" }, labSettings],
  [
    "a worker whose addresses differ",
    host("n02", "worker", "10.0.0.12", { addresses: { reach: "10.0.0.12", bind: "10.1.0.12", advertise: "10.2.0.12" } }),
    settings({ cni: "bridge" }),
  ],
];

whenShellcheck.each(variants)("shellcheck has nothing to say about %s", (_, spec, chosen) => {
  expect(complaints(program(spec, chosen))).toBe("");
});

whenShellcheck.each([
  ["token", tokenScript("n01")],
  ["drain", drainScript("n01")],
  ["delete", deleteNodeScript("n01")],
  ["kubeconfig", kubeconfigScript("10.0.0.10:6443")],
  ["routes", routesScript("n01", "/opt/cni/bin")],
])("shellcheck has nothing to say about the %s script", (_, script) => {
  expect(complaints(script.startsWith("#!") ? script : `#!/bin/bash\n${script}`)).toBe("");
});

test("the same host and settings give the same bytes", () => {
  for (const [, spec, chosen] of variants) expect(program(spec, chosen)).toBe(program(spec, chosen));
});

test("a worker's program does not change when another host is added", () => {
  const before = kubernetesSteps(worker, settings({ cni: "bridge" }), cluster);
  expect(JSON.stringify(before)).not.toContain("n02");
  expect(JSON.stringify(before)).not.toContain("10.0.0.12");
});
