import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubeadmConfiguration } from "../../components/kubernetes";
import { CA_HASH_PLACE, TOKEN_PLACE } from "../../components/kubernetes/kubeadm";
import { ensureBinaries } from "../../tools/rehearse/binaries";
import { cluster, controlPlane, labSettings, settings, worker } from "../unit/components/kubernetes/fixtures";
import { labDescribe } from "./support";

labDescribe("kubeadm as the judge of its configuration", ["go"], () => {
  let kubeadm: string;
  beforeAll(async () => {
    kubeadm = (await ensureBinaries()).programs.kubeadm;
  }, 30 * 60_000);

  test.each([
    ["defaults", settings()],
    ["a rehearsal", labSettings],
  ])("it accepts the configuration with %s", (_, chosen) => {
    const folder = mkdtempSync(join(tmpdir(), "kubeadm-"));
    try {
      const joining = kubeadmConfiguration(worker, chosen, cluster)
        .join.replace(TOKEN_PLACE, "abcdef.0123456789abcdef")
        .replace(CA_HASH_PLACE, `sha256:${"0".repeat(64)}`);
      for (const [name, text] of Object.entries({
        init: kubeadmConfiguration(controlPlane, chosen, cluster).init,
        join: joining,
      })) {
        const file = join(folder, `${name}.yaml`);
        writeFileSync(file, text, { mode: 0o600 });
        const { status, stdout, stderr } = spawnSync(kubeadm, ["config", "validate", "--config", file], { encoding: "utf8" });
        expect({ name, status, said: `${stdout}${stderr}`.trim() }).toEqual({ name, status: 0, said: "ok" });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("it refuses a key that it does not know", () => {
    const folder = mkdtempSync(join(tmpdir(), "kubeadm-"));
    try {
      const file = join(folder, "init.yaml");
      writeFileSync(file, kubeadmConfiguration(controlPlane, settings(), cluster).init.replace("networking:", "netwrking:"));
      const { status, stderr } = spawnSync(kubeadm, ["config", "validate", "--config", file], { encoding: "utf8" });
      expect({ status, names: stderr.includes("netwrking") }).toEqual({ status: 1, names: true });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
