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

labDescribe("hosts that cannot be used are refused before any host is changed", ["iptables"], () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(["n1", "n2", "n3"]);
  });
  afterAll(() => fleet?.close());

  test("no sudo, a clock off by an hour and somebody else's kubelet are told together", async () => {
    const [n1, n2, n3] = fleet.names.map(fleet.host);
    await on(n1!, "rm /etc/sudoers.d/admin");
    await stub(n2!, "date", 'if [ "$*" = +%s ]; then echo $(($(/usr/bin/date +%s) + 3600)); else exec /usr/bin/date "$@"; fi');
    await on(n3!, "cp /usr/bin/sleep /usr/local/bin/kubelet && (setsid kubelet 3600 >/dev/null 2>&1 &)");
    const run = await fleet.up();
    expect(run.exitCode).not.toBe(0);
    expect(failures(run).map(({ name }) => name)).toEqual(["set"]);
    const said = complaint(run);
    expect(said).toContain("hosts of fleet: 3 problems");
    expect(said).toMatch(/n1: facts: sudo[^]*may not become root[^]*do: add a sudoers rule/);
    expect(said).toMatch(/n2: facts: clock = "\+3[56]\d\d s"[^]*off from the other hosts[^]*do: set it right/);
    expect(said).toMatch(/n3: facts: kubelet[^]*somebody else's kubelet is on the host[^]*do: stop and remove it/);
    expect(await marked(fleet)).toEqual([]);
    expect(remembered(fleet)).toEqual(["n1-facts", "n2-facts", "n3-facts"]);
  });

  test("probe says the same and changes nothing either", async () => {
    const probe = await fleet.probe();
    expect(probe.code).toBe(1);
    for (const place of ["n1: facts: sudo", "n2: facts: clock", "n3: facts: kubelet"]) expect(probe.stderr).toContain(place);
    expect(await marked(fleet)).toEqual([]);
    const [n1, n2, n3] = fleet.names.map(fleet.host);
    await on(n1!, "printf 'admin ALL=(ALL) NOPASSWD:ALL\\n' >/etc/sudoers.d/admin");
    await unstub(n2!, "date");
    await on(n3!, "kill $(grep -lx kubelet /proc/[0-9]*/comm | cut -d/ -f3); rm /usr/local/bin/kubelet");
  });

  test("one machine id on two hosts, and two hosts that call themselves by one name", async () => {
    const [n1, n2, n3] = fleet.names.map(fleet.host);
    const own = await on(n2!, "cat /etc/machine-id");
    const shared = await on(n1!, "cat /etc/machine-id");
    // The state still holds what the hosts said before their repair: nobody may be refused for that.
    await on(n2!, `echo ${shared} >/etc/machine-id`);
    await on(n3!, "hostname n1");
    const run = await fleet.up();
    expect(run.exitCode).not.toBe(0);
    const said = complaint(run);
    expect(said).toContain("hosts of fleet: 3 problems");
    expect(said).toMatch(
      /n1, n2: facts: machine id[^]*2 hosts have the same machine id[^]*do: on all but one: rm \/etc\/machine-id/,
    );
    expect(said).toMatch(/n1, n3: facts: host name = "n1"[^]*do: give each machine its own name/);
    expect(said).not.toMatch(/sudo|clock|kubelet/);
    expect(said).toMatch(/n3: facts: host name = "n1"[^]*calls itself something else[^]*hostnamectl set-hostname n3/);
    expect(await marked(fleet)).toEqual([]);
    await on(n2!, `echo ${own} >/etc/machine-id`);
    await on(n3!, "hostname n3");
  });

  test("a closed port between hosts, which only a cluster with Kubernetes needs", async () => {
    const cp = fleet.host("n1");
    fleet.configure((cluster) => {
      cluster.hosts[0]!.role = "control-plane";
      cluster.kubernetes = {
        distribution: "kubeadm",
        version: "1.36.3",
        podCIDR: "10.244.0.0/16",
        serviceCIDR: "10.96.0.0/12",
        cni: "flannel",
      };
    });
    await on(cp, "iptables -I INPUT -p tcp --dport 6443 -j DROP");
    const run = await fleet.up();
    expect(run.exitCode).not.toBe(0);
    expect(failures(run).map(({ name }) => name)).toEqual(["set"]);
    expect(complaint(run)).toMatch(
      /n1: facts: port 6443\/tcp[^]*closed for n2, n3; kube-apiserver needs it[^]*do: let the site open it[^]*tcp dport 6443 accept/,
    );
    expect(await marked(fleet)).toEqual([]);
    expect(await on(cp, "iptables -S INPUT")).toContain("--dport 6443 -j DROP");
    await on(cp, "iptables -D INPUT -p tcp --dport 6443 -j DROP");
    fleet.configure((cluster) => {
      delete cluster.hosts[0]!.role;
      delete cluster.kubernetes;
    });
  });

  test("a host that is down, one with another host key and one that knows not our login key: each is named, by up and by probe", async () => {
    const wrong = fleet.host("n1").hostKey;
    await fleet.host("n1").kill();
    fleet.configure((cluster) => {
      cluster.hosts[1]!.hostKeys = [wrong];
      // All are asked anew.
      cluster.generations = { n1: 2, n2: 2, n3: 2 };
    });
    await on(fleet.host("n3"), "mv /home/admin/.ssh/authorized_keys /home/admin/.ssh/kept");
    const [run, probe] = await Promise.all([fleet.up(), fleet.probe()]);
    expect(run.exitCode).not.toBe(0);
    expect(
      failures(run)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["n1-facts", "n2-facts", "n3-facts"]);
    const address = (name: string) => `${fleet.host(name).address}:22`;
    const error = (name: string) => operationOn(run, `${name}-facts`)?.error ?? "";
    expect(error("n1")).toMatch(/^n1-facts: .*(no route to the host|timed out).*`state: down`/);
    expect(error("n1")).toContain(address("n1"));
    expect(error("n2")).toMatch(/^n2-facts: .*host key mismatch.*if the host was reinstalled/);
    expect(error("n2")).toContain(address("n2"));
    expect(error("n3")).toMatch(/^n3-facts: .*login as admin was refused.*authorized_keys/);
    expect(error("n3")).toContain(address("n3"));
    expect(await marked(fleet, ["n2", "n3"])).toEqual([]);
    expect(probe.code).toBe(2);
    expect(probe.stderr).toMatch(
      /n1: connection[^]*n2: connection[^]*host key mismatch[^]*n3: connection[^]*login as admin was refused/,
    );
    expect(probe.stderr).not.toContain("PRIVATE KEY");
  });

  test("with the keys right and the dead host `down`, the rest proceeds", async () => {
    await on(fleet.host("n3"), "mv /home/admin/.ssh/kept /home/admin/.ssh/authorized_keys");
    fleet.configure((cluster) => {
      cluster.hosts[1]!.hostKeys = [fleet.host("n2").hostKey];
      cluster.states = { n1: "down" };
    });
    const run = await fleet.up();
    expect(complaint(run)).toBe("");
    expect(run.exitCode).toBe(0);
    expect(await marked(fleet, ["n2", "n3"])).toEqual(["n2", "n3"]);
    expect(remembered(fleet).filter((name) => name.startsWith("n1"))).toEqual([]);
  });

  test("once it is back, only it is configured; a run after that changes nothing", async () => {
    await fleet.lab.boot("n1");
    await comesTrue(fleet.host("n1"), "test -S /run/dbus/system_bus_socket || test -d /run/sshd");
    fleet.configure((cluster) => delete cluster.states);
    const run = await fleet.up();
    expect(complaint(run)).toBe("");
    expect(touched(run)).toEqual(["n1-copy", "n1-facts", "n1-host", "set"]);
    expect(await marked(fleet)).toEqual(["n1", "n2", "n3"]);
    const second = await fleet.up();
    expect(second.exitCode).toBe(0);
    expect(tally(second)).toBe("same 10");
    expect((await fleet.probe()).code).toBe(0);
  });
});
