import { labDescribe } from "../support";
import {
  comesTrue,
  complaint,
  failures,
  marked,
  on,
  operationOn,
  remembered,
  startFleet,
  stub,
  tally,
  touched,
  unstub,
  type Fleet,
} from "./fleet";

jest.setTimeout(180_000);

/** A name service that does not answer before the test says so; the step `accounts` gives it ten seconds. */
const SLOW_GETENT = 'touch /run/asked; until [ -e /run/answer ]; do sleep 0.1; done; exec /usr/bin/getent "$@"';
/** Ends what serves the SSH connections of `admin`, and leaves the listener and what the connections started. */
const CUT =
  'for each in /proc/[0-9]*/cmdline; do if tr "\\0" " " <"$each" | grep -q "^sshd: admin"; then kill -9 "$(cut -d/ -f3 <<<"$each")"; fi; done';

labDescribe("faults in the middle of a run stop one host and no other", ["mount"], () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(["n1", "n2", "n3"]);
  });
  afterAll(() => fleet?.close());

  test("a full disk and a cut connection: the third host is finished, and each error names host, step and remedy", async () => {
    const [n1, n2] = fleet.names.map(fleet.host);
    await on(
      n1!,
      "mkdir /etc/turducken && mount -t tmpfs -o size=4k,mode=755 tmpfs /etc/turducken && head -c 4096 /dev/zero >/etc/turducken/filler",
    );
    await stub(n2!, "getent", SLOW_GETENT);
    const running = fleet.up();
    await comesTrue(n2!, "[ -e /run/asked ]", 60);
    await on(n2!, CUT);
    const run = await running;
    await on(n2!, "touch /run/answer");
    expect(run.exitCode).not.toBe(0);
    expect(
      failures(run)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["n1-host", "n2-host"]);
    const full = operationOn(run, "n1-host")?.error;
    expect(full).toMatch(
      /n1: prepare: step cluster-marker failed\n[^]*cannot write \/etc\/turducken\/cluster: 0 MiB free in \/etc\/turducken/,
    );
    expect(full).toContain("do: see that /etc/turducken can be written: is the file system full or read-only?");
    const cut = operationOn(run, "n2-host")?.error;
    expect(cut).toContain(`n2-host: ${fleet.host("n2").address}:22: `);
    expect(cut).toMatch(/in the middle of a command; the command may have run in part; it is written to be run again/);
    expect(operationOn(run, "n3-host")).toMatchObject({ operation: "create", state: "done" });
    expect(remembered(fleet)).toEqual(["n1-copy", "n1-facts", "n2-copy", "n2-facts", "n3-copy", "n3-facts", "n3-host", "set"]);
    expect(complaint(run)).not.toContain("PRIVATE KEY");
  });

  test("nothing half written stays on the hosts that failed", async () => {
    expect(await on(fleet.host("n1"), "ls -A /etc/turducken")).toBe("filler");
    // The step that was under way is finished, and its run ends by itself.
    await comesTrue(fleet.host("n2"), "flock -n /run/turducken/lock true");
    expect(await on(fleet.host("n2"), "ls -A /etc/turducken; ls -d /run/turducken/run.* 2>/dev/null || true")).toBe(
      "cluster\nhost.json",
    );
  });

  test("after repair a rerun does what is missing, and the next one nothing", async () => {
    await on(fleet.host("n1"), "umount /etc/turducken");
    await unstub(fleet.host("n2"), "getent");
    const run = await fleet.up();
    expect(complaint(run)).toBe("");
    expect(run.exitCode).toBe(0);
    expect(touched(run)).toEqual(["n1-host", "n2-host"]);
    expect(await marked(fleet)).toEqual(["n1", "n2", "n3"]);
    const second = await fleet.up();
    expect(second.exitCode).toBe(0);
    expect(tally(second)).toBe("same 10");
  });

  test("a run that finds another at work on the host waits for it", async () => {
    const n3 = fleet.host("n3");
    await on(n3, "(setsid flock /run/turducken/lock sh -c 'touch /run/held; sleep 3; touch /run/let-go' >/dev/null 2>&1 &)");
    await comesTrue(n3, "[ -e /run/held ]");
    fleet.configure((cluster) => (cluster.generations = { n3: 2 }));
    const run = await fleet.up();
    expect(complaint(run)).toBe("");
    expect(touched(run)).toEqual(["n3-copy", "n3-facts", "n3-host", "set"]);
    expect(await on(n3, "ls /run/let-go")).toBe("/run/let-go");
  });

  test("probe finds a planted change, marks it, and up repairs that host only", async () => {
    const [, n2] = fleet.names.map(fleet.host);
    const right = await on(n2!, "cat /etc/turducken/host.json");
    await on(n2!, "echo '{}' >/etc/turducken/host.json");
    // Without a mark, up looks at no host: what it did last time is as it was.
    expect(tally(await fleet.up())).toBe("same 10");
    const probe = await fleet.probe("--mark");
    expect(probe.code).toBe(1);
    expect(probe.stdout).toMatch(
      /n1 {2}as it should be[^]*n2 {2}1 would change\n {2}prepare +host-description +would change[^]*n3 {2}as it should be/,
    );
    expect(probe.stdout).toContain("marked n2: generation 1 → 2 in Pulumi.fleet.yaml");
    const run = await fleet.up();
    expect(run.exitCode).toBe(0);
    expect(touched(run)).toEqual(["n2-copy", "n2-facts", "n2-host", "set"]);
    expect(await on(n2!, "cat /etc/turducken/host.json")).toBe(right);
    const after = await fleet.probe();
    expect(after.stdout).toContain("nothing to do: all 3 hosts are as they should be");
    expect(after.code).toBe(0);
    expect(tally(await fleet.up())).toBe("same 10");
  });

  test("a lost host is forgotten without anybody dialling it, before and when its entry goes", async () => {
    await fleet.host("n3").kill();
    fleet.configure((cluster) => (cluster.states = { n3: "lost" }));
    const lost = await fleet.up();
    expect(complaint(lost)).toBe("");
    // The verdict is over two hosts now; no other command runs.
    expect(touched(lost)).toEqual(["set"]);
    fleet.configure((cluster) => {
      cluster.hosts.pop();
      delete cluster.states;
      delete (cluster.generations as Record<string, number>).n3;
    });
    const gone = await fleet.up();
    expect(complaint(gone)).toBe("");
    expect(gone.exitCode).toBe(0);
    expect(touched(gone)).toEqual(["n3-copy", "n3-facts", "n3-host"]);
    expect(remembered(fleet).filter((name) => name.startsWith("n3"))).toEqual([]);
    expect(tally(await fleet.up())).toBe("same 7");
  });
});
