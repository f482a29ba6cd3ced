import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute } from "../tools/rehearse/lab";
import { CLUSTER, MACHINE_TYPE, POOL, type Fleet } from "./fleet";

/** The last that runs on Debian 12's Python 3.11; a benchmark compares with one version, not with whatever is newest. */
const VERSION = "2.19.14";
const repository = join(__dirname, "..");

export interface Ansible {
  /** Runs the playbook once; returns how many tasks changed something on any host. */
  play(): Promise<number>;
}

/** ansible-core from PyPI in a venv of its own; a sentence says why where it cannot be had. */
export async function installAnsible(): Promise<{ bin: string } | { reason: string }> {
  const folder = join(repository, ".turducken", "bench", `ansible-core-${VERSION}`);
  const bin = join(folder, "bin");
  if (existsSync(join(bin, "ansible-playbook"))) return { bin };
  for (const argv of [
    ["python3", "-m", "venv", folder],
    [join(bin, "pip"), "install", "--quiet", "--disable-pip-version-check", `ansible-core==${VERSION}`],
  ]) {
    const result = await execute(argv, { timeoutSeconds: 300 }).catch((error: Error) => ({ code: 127, stderr: error.message }));
    if (result.code === 0) continue;
    rmSync(folder, { recursive: true, force: true });
    return { reason: `${argv.slice(0, 3).join(" ")} ended with ${result.code}: ${result.stderr.trim().split("\n").pop()}` };
  }
  return { bin };
}

/** Inventory and settings for a fleet. Each play opens its own connections, as a run in the morning does. */
export async function prepareAnsible(bin: string, fleet: Fleet): Promise<Ansible> {
  const { lab } = fleet;
  const folder = join(lab.folder, "ansible");
  mkdirSync(folder, { recursive: true });
  const python = await pythonOf(fleet);
  const hosts = [...lab.hosts.values()].map((host) => `${host.name} ansible_host=${host.address}`);
  const shared = {
    ansible_user: "admin",
    ansible_ssh_private_key_file: join(lab.folder, "login"),
    ansible_python_interpreter: python,
    cluster: CLUSTER,
    pool: POOL,
    machine_type: MACHINE_TYPE,
  };
  const variables = Object.entries(shared).map(([name, value]) => `${name}=${value}`);
  writeFileSync(join(folder, "inventory.ini"), ["[all]", ...hosts, "", "[all:vars]", ...variables, ""].join("\n"));
  writeFileSync(
    join(folder, "ansible.cfg"),
    [
      "[defaults]",
      `forks = ${lab.hosts.size}`,
      "gathering = explicit",
      "nocows = true",
      `local_tmp = ${join(folder, "tmp")}`,
      "[ssh_connection]",
      "pipelining = true",
      `control_path_dir = ${join(folder, "cp")}`,
      `ssh_args = -F none -C -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=${lab.knownHostsFile()} -o StrictHostKeyChecking=yes`,
      "",
    ].join("\n"),
  );
  return { play: () => play(bin, folder) };
}

/** Named, because ansible's search for it would cost every play. */
async function pythonOf({ lab }: Fleet): Promise<string> {
  const host = [...lab.hosts.values()][0]!;
  const { stdout } = await host.exec(["bash", "-c", "PATH=/usr/local/bin:/usr/bin command -v python3"]);
  if (stdout.trim() === "") throw new Error("the hosts have no python3, which ansible needs");
  return stdout.trim();
}

async function play(bin: string, folder: string): Promise<number> {
  const argv = [join(bin, "ansible-playbook"), "-i", join(folder, "inventory.ini"), join(__dirname, "ansible", "hosts.yml")];
  const env = {
    ...process.env,
    ANSIBLE_CONFIG: join(folder, "ansible.cfg"),
    ANSIBLE_HOME: join(folder, "home"),
    LC_ALL: "C.UTF-8",
  };
  const result = await execute(argv, { env, timeoutSeconds: 300 });
  if (result.code !== 0)
    throw new Error(`ansible-playbook ended with ${result.code}:\n${result.stdout.slice(-3000)}${result.stderr}`);
  return [...result.stdout.matchAll(/ changed=(\d+) /g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Ends the connections that ansible keeps open for later plays. Not part of what is measured. */
export async function endConnections(fleet: Fleet): Promise<void> {
  const folder = join(fleet.lab.folder, "ansible", "cp");
  if (!existsSync(folder)) return;
  await Promise.all(
    readdirSync(folder).map((name) => execute(["ssh", "-O", "exit", "-S", join(folder, name), "any"], { timeoutSeconds: 10 })),
  );
}
