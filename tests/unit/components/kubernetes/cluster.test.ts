import * as pulumi from "@pulumi/pulumi";
import type { HostSet as HostSetType } from "../../../../components/hosts/host-set";
import type { HostSpec } from "../../../../components/hosts/types";
import { KubeadmCluster, registryAuthorization } from "../../../../components/kubernetes";
import { controlPlane, host, settings } from "./fixtures";

interface Made {
  readonly host: string;
  readonly on: string;
  readonly text: string;
  readonly stdin: unknown;
  readonly delete?: string;
  readonly secret: boolean;
  readonly after: string[];
}

/** Records what the cluster asks of its hosts; the commands themselves are the host set's own matter. */
class Recorder {
  readonly made = new Map<string, Made>();
  constructor(private readonly hosts: readonly HostSpec[]) {}
  has(name: string): boolean {
    return this.hosts.some((each) => each.name === name && each.state !== "down");
  }
  run(name: string, on: string, phase: string, args: Record<string, unknown>) {
    return this.add(name, on, phase, args);
  }
  runText(name: string, on: string, text: string, args: Record<string, unknown>) {
    return this.add(name, on, text, args);
  }
  private add(name: string, of: string, text: string, args: Record<string, unknown>) {
    const after = ((args.dependsOn ?? []) as { name: string }[]).map((each) => each.name);
    const on = (args.on as string | undefined) ?? of;
    this.made.set(name, {
      host: of,
      on,
      text,
      stdin: args.stdin,
      delete: args.delete as string,
      secret: args.secretOutput === true,
      after,
    });
    return { name, stdout: pulumi.output(`{"token":"minted for ${name}"}`) };
  }
}

const workers = ["n01", "n02", "n03", "n04"].map((name, index) => host(name, "worker", `10.0.0.${11 + index}`));

function build(hosts: readonly HostSpec[], maxUnavailable = 1, more: { pullSecret?: string } = {}) {
  const recorder = new Recorder(hosts);
  const cluster = new KubeadmCluster("example", {
    cluster: "example",
    hosts,
    hostSet: recorder as unknown as HostSetType,
    settings: settings(more.pullSecret ? { pullSecret: "pullSecret", images: { repository: "registry.site/k8s" } } : {}),
    maintenance: { maxUnavailable },
    ...more,
  });
  return { made: recorder.made, cluster };
}

const withState = (name: string, state: HostSpec["state"]) => [
  controlPlane,
  ...workers.map((each) => (each.name === name ? { ...each, state } : each)),
];
const value = (output: unknown) => new Promise((resolve) => pulumi.output(output as string).apply(resolve));

beforeAll(() => pulumi.runtime.setMocks({ newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: () => ({}) }));

test("a token is minted on the control plane for each worker, and its join waits for no other worker", () => {
  const { made } = build([controlPlane, ...workers]);
  expect([made.get("n02-token")!.on, made.get("n02-token")!.secret]).toEqual(["cp1", true]);
  expect(made.get("n02-token")!.text).toContain("turducken join n02");
  expect(made.get("n02-token")!.after).toEqual(["cp1-init"]);
  expect(made.get("n02-join")).toMatchObject({ host: "n02", text: "cluster", delete: "leave", after: ["n02-token"] });
});

test("rolls go one by one behind the control plane, or in as many lanes as may be unavailable", () => {
  const after = (maxUnavailable: number) => {
    const { made } = build([controlPlane, ...workers], maxUnavailable);
    return workers.map(({ name }) => made.get(`${name}-roll`)!.after[1]);
  };
  expect(after(1)).toEqual(["cp1-roll", "n01-roll", "n02-roll", "n03-roll"]);
  expect(after(2)).toEqual(["cp1-roll", "cp1-roll", "n01-roll", "n02-roll"]);
});

test("a join gets its own token as a secret, and nothing else", async () => {
  const { made } = build([controlPlane, ...workers]);
  const stdin = made.get("n03-join")!.stdin as pulumi.Output<string>;
  expect(await value(stdin)).toBe('{"token":"minted for n03-token"}');
  expect(await pulumi.isSecret(stdin)).toBe(true);
});

test("a pull secret travels beside the token", async () => {
  const config = JSON.stringify({ auths: { "registry.site": { auth: "dXNlcjpwdw==" } } });
  const { made } = build([controlPlane, ...workers], 1, { pullSecret: config });
  const given = JSON.parse((await value(made.get("n01-join")!.stdin)) as string);
  expect(given).toEqual({ token: "minted for n01-token", pullSecret: config, registryAuthorization: "Basic dXNlcjpwdw==" });
  const init = JSON.parse((await value(made.get("cp1-init")!.stdin)) as string);
  expect(Object.keys(init)).toEqual(["pullSecret", "registryAuthorization"]);
});

test("the kubeconfig is a secret", async () => {
  const { made, cluster } = build([controlPlane, ...workers]);
  expect(made.get("cp1-kubeconfig")).toMatchObject({ secret: true, after: ["cp1-init"] });
  expect(await pulumi.isSecret(cluster.kubeconfig)).toBe(true);
});

test("a leaving host is drained, forgotten with its entry, gets no token, and is not rolled", () => {
  const { made } = build(withState("n02", "leaving"));
  const token = made.get("n02-token")!;
  expect([token.on, token.text.includes(" drain n02 "), token.delete?.includes("delete node n02 ")]).toEqual(["cp1", true, true]);
  expect(made.get("n02-join")).toMatchObject({ stdin: undefined, delete: "leave", after: ["n02-token"] });
  expect(made.has("n02-roll")).toBe(false);
  expect(made.get("n03-roll")!.after[1]).toBe("n01-roll");
});

test("a lost host is forgotten in the control plane's name, because its own commands are frozen", () => {
  const { made } = build(withState("n02", "lost"));
  expect(made.get("n02-token")).toMatchObject({ host: "cp1", on: "cp1", delete: undefined });
  expect(made.get("n02-token")!.text).toContain("delete node n02 ");
});

test("a host that is down has no resources, and the others go on", () => {
  const { made } = build(withState("n02", "down"));
  expect([...made.keys()].filter((name) => name.startsWith("n02"))).toEqual([]);
  expect(made.get("n03-roll")!.after[1]).toBe("n01-roll");
});

test("a pull secret that is no JSON is refused without showing it", () => {
  expect(() => registryAuthorization("hunter2", "registry.site")).toThrow(/Docker configuration JSON/);
  expect(() => registryAuthorization("hunter2", "registry.site")).not.toThrow(/hunter2/);
  expect(registryAuthorization('{"auths":{}}', "registry.site")).toBe("");
});
