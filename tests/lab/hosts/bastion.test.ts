import { labDescribe } from "../support";
import { complaint, failures, marked, on, operationOn, startFleet, tally, type Fleet } from "./fleet";

jest.setTimeout(120_000);

labDescribe("hosts behind a bastion with a key of its own", ["iptables"], () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(["n1", "n2"], { bastion: true });
    // Nobody but the bastion gets through to the hosts.
    for (const name of fleet.names)
      await on(fleet.host(name), `iptables -I INPUT -p tcp --dport 22 ! -s ${fleet.host("gate").address} -j DROP`);
  });
  afterAll(() => fleet?.close());

  const rightKey = (right: string) =>
    fleet.configure((cluster) => ((cluster.ssh.bastion as { hostKey: string }).hostKey = right));

  test("another bastion than the pinned one is refused, by name, before any host is dialled", async () => {
    rightKey(fleet.host("n1").hostKey);
    const run = await fleet.up();
    expect(run.exitCode).not.toBe(0);
    expect(
      failures(run)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["n1-facts", "n2-facts"]);
    const gate = `${fleet.host("gate").address}:22`;
    for (const name of fleet.names) {
      const error = operationOn(run, `${name}-facts`)?.error;
      expect(error).toContain(
        `${name}-facts: ${fleet.host(name).address}:22 through bastion ${gate}: the bastion failed: host key mismatch`,
      );
      expect(error).toContain("otherwise somebody may stand in between: do not go on");
    }
    expect(await marked(fleet)).toEqual([]);
  });

  test("a login key that the bastion does not know is told from one that the host does not know", async () => {
    rightKey(fleet.host("gate").hostKey);
    await on(fleet.host("gate"), "mv /home/admin/.ssh/authorized_keys /home/admin/.ssh/kept");
    const run = await fleet.up();
    expect(operationOn(run, "n1-facts")?.error).toMatch(
      /through bastion .*: the bastion failed: login as admin was refused; .*authorized_keys/,
    );
    await on(fleet.host("gate"), "mv /home/admin/.ssh/kept /home/admin/.ssh/authorized_keys");
    expect(await marked(fleet)).toEqual([]);
  });

  test("with both keys right, up and probe work through it", async () => {
    const run = await fleet.up();
    expect(complaint(run)).toBe("");
    expect(run.exitCode).toBe(0);
    expect(await marked(fleet)).toEqual(["n1", "n2"]);
    const probe = await fleet.probe();
    expect(probe.stderr).toBe("");
    expect(probe.code).toBe(0);
    expect(tally(await fleet.up())).toBe("same 7");
  });
});
