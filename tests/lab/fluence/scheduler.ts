import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { parse, stringify } from "yaml";
import { schedulerConfiguration, type deployment } from "../../../components/fluence/objects";

/**
 * A real kube-scheduler with Fluence's flags and configuration, less the plugin that it does not have.
 *
 * @param programs folders with the programs, separated like PATH
 * @param folder for its files
 */
export async function startScheduler(
  programs: string,
  folder: string,
  kubeconfig: string,
  { spec }: ReturnType<typeof deployment>,
) {
  const program = programs
    .split(delimiter)
    .map((each) => join(each, "kube-scheduler"))
    .find((file) => existsSync(file))!;
  const file = (name: string) => join(folder, `fluence-${name}`);
  const settings = parse(schedulerConfiguration()) as { profiles: { schedulerName: string }[] };
  const profiles = settings.profiles.map(({ schedulerName }) => ({ schedulerName }));
  writeFileSync(file("kubeconfig"), kubeconfig, { mode: 0o600 });
  writeFileSync(file("config"), stringify({ ...settings, profiles, clientConnection: { kubeconfig: file("kubeconfig") } }));
  const [, , ...flags] = spec.template.spec.containers[0]!.command;
  const port = await freePort();
  const log = openSync(file("log"), "a");
  const argv = [`--config=${file("config")}`, ...flags, `--secure-port=${port}`, "--bind-address=127.0.0.1",
    `--authentication-kubeconfig=${file("kubeconfig")}`, `--authorization-kubeconfig=${file("kubeconfig")}`]; // prettier-ignore
  const child = spawn(program, argv, { stdio: ["ignore", log, log], cwd: folder });
  return {
    ready: () => statusOf(`https://127.0.0.1:${port}/readyz`),
    log: () => readFileSync(file("log"), "utf8"),
    stop: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.kill("SIGKILL")) await gone;
    },
  };
}

/** As the kubelet's probe asks: without credentials, and whatever the certificate. 0: no answer. */
function statusOf(url: string): Promise<number> {
  return new Promise((resolve) => {
    const call = get(url, { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on("error", () => resolve(0));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
