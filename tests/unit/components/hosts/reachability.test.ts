import { spawnSync } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import {
  judgeReachability,
  parseReachability,
  reachabilityPairs,
  renderReachabilityScript,
  type ReachabilityRule,
} from "../../../../components/hosts";
import { hostFacts, hostSpec } from "./inventory";
import { shellcheck, shellcheckMissing } from "./run-program";

const rules: ReachabilityRule[] = [
  { port: 6443, from: "any", to: "control-plane", purpose: "kube-apiserver" },
  { port: 10250, from: "control-plane", to: "worker", purpose: "kubelet" },
];
const cluster = (workers: number) => [
  hostSpec("cp1", "10.0.0.1", { role: "control-plane" }),
  ...Array.from({ length: workers }, (_, index) =>
    hostSpec(`n${index + 1}`, `10.0.${Math.floor(index / 250) + 1}.${(index % 250) + 1}`),
  ),
];

describe("reachabilityPairs", () => {
  test("names every pair of a small cluster and never a host with itself", () => {
    expect(reachabilityPairs(cluster(2), rules).map(({ from, to, address, port }) => `${from} ${to} ${address} ${port}`)).toEqual(
      ["n1 cp1 10.0.0.1 6443", "n2 cp1 10.0.0.1 6443", "cp1 n1 10.0.1.1 10250", "cp1 n2 10.0.1.2 10250"],
    );
  });

  test("samples a big cluster: the same pairs every time, every host in every role, and not the square of it", () => {
    const all: ReachabilityRule[] = [{ port: 10250, from: "any", to: "any", purpose: "pods" }];
    const hosts = cluster(499);
    const pairs = reachabilityPairs(hosts, all);
    expect(pairs).toEqual(reachabilityPairs(hosts, all));
    expect(pairs.length).toBeLessThanOrEqual(500 * 5);
    expect(new Set(pairs.map(({ from }) => from)).size).toBe(500);
    expect(new Set(pairs.map(({ to }) => to)).size).toBe(500);
    expect(pairs.every(({ from, to }) => from !== to)).toBe(true);
  });

  test("sees every worker from the control plane also in a sample", () => {
    const pairs = reachabilityPairs(cluster(200), rules);
    expect(new Set(pairs.filter(({ port }) => port === 10250).map(({ to }) => to)).size).toBe(200);
    expect(pairs.filter(({ port }) => port === 6443).length).toBe(200);
  });
});

describe("the test of paths", () => {
  test("tells a listener from a refusal, on this machine", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const open = (server.address() as AddressInfo).port;
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const refused = (other.address() as AddressInfo).port;
    await new Promise((resolve) => other.close(resolve));
    const script = renderReachabilityScript([
      { address: "127.0.0.1", port: open },
      { address: "127.0.0.1", port: refused },
      { address: "::1", port: refused },
    ]);
    const { stdout } = spawnSync("bash", ["-s"], { input: script, encoding: "utf8" });
    server.close();
    const states = Object.fromEntries(parseReachability(stdout).map(({ address, port, state }) => [`${address} ${port}`, state]));
    expect(states[`127.0.0.1 ${open}`]).toBe("open");
    expect(states[`127.0.0.1 ${refused}`]).toBe("refused");
    expect(Object.keys(states)).toHaveLength(3);
  });

  test("passes shellcheck", () => {
    if (shellcheckMissing()) console.log("skipped 1 check: shellcheck is not installed");
    else
      expect(
        shellcheck(
          `#!/bin/bash\n${renderReachabilityScript(Array.from({ length: 40 }, (_, index) => ({ address: `10.0.0.${index}`, port: 6443 })))}`,
        ),
      ).toBe("");
  });

  test("ignores lines it did not print", () => {
    expect(parseReachability("bash: warning: setlocale\n10.0.0.1 6443 open\n10.0.0.1 6443 maybe\n")).toEqual([
      { address: "10.0.0.1", port: 6443, state: "open" },
    ]);
  });
});

describe("judgeReachability", () => {
  const hosts = cluster(7);
  const pairs = reachabilityPairs(hosts, rules);
  const facts = new Map(
    hosts.map((host) => [
      host.name,
      hostFacts(
        host,
        host.name === "cp1" ? { os: { id: "rocky", versionId: "9.4" } } : { os: { id: "ubuntu", versionId: "24.04" } },
      ),
    ]),
  );

  test("is content with open and refused paths", () => {
    expect(
      judgeReachability(
        pairs,
        new Map([
          ["n1", "10.0.0.1 6443 refused\n"],
          ["cp1", "10.0.1.1 10250 open\n"],
        ]),
        facts,
      ),
    ).toEqual([]);
  });

  test("names a closed port once, from where, who needs it, and the site's own command", () => {
    const outputs = new Map([
      // As they answered, not as they stand in the inventory.
      ...hosts
        .slice(1)
        .reverse()
        .map(({ name }): [string, string] => [name, "10.0.0.1 6443 closed\n"]),
      ["cp1", "10.0.1.2 10250 closed\n"] as [string, string],
    ]);
    expect(judgeReachability(pairs, outputs, facts)).toEqual([
      {
        path: "cp1: facts: port 6443/tcp",
        value: "10.0.0.1",
        message: "closed for n1, n2, n3, n4, n5 and 2 more; kube-apiserver needs it",
        allowed: "a connection that is accepted or refused by the host itself within 3 s",
        fix: "let the site open it, for example on cp1: firewall-cmd --permanent --add-port=6443/tcp && firewall-cmd --reload",
      },
      expect.objectContaining({
        path: "n2: facts: port 10250/tcp",
        fix: "let the site open it, for example on n2: ufw allow 10250/tcp",
      }),
    ]);
  });
});
