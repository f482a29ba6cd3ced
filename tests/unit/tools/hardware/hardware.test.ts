import { runCommand } from "../topology/run-command";

// A busy machine takes its time.
jest.setTimeout(60_000);

type Json = Record<string, unknown>;

async function show(type: string, ...options: string[]): Promise<Json> {
  const { code, out, error } = await runCommand("hardware", "show", type, "--json", ...options);
  expect([code, error]).toEqual([0, ""]);
  return JSON.parse(out) as Json;
}

describe("turducken hardware list", () => {
  it("lists the types of a provider and fabric as a table with one line each", async () => {
    const { code, out, error } = await runCommand("hardware", "list", "--provider", "bare-metal", "--fabric", "infiniband");
    expect([code, error]).toEqual([0, ""]);
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^NAME +PROVIDER +ARCH +CORES +MEMORY +ACCELERATORS +FABRIC +GBIT\/S$/);
    const dgx = lines.find((line) => line.startsWith("dgx-h100 "))!;
    expect(dgx.split(/ {2,}/)).toEqual([
      "dgx-h100",
      "bare-metal",
      "amd64",
      "112",
      "2048 GiB",
      "8 x NVIDIA-H100-80GB-HBM3",
      "infiniband",
      "3200",
    ]);
    expect(lines.every((line) => line === line.trimEnd())).toBe(true);
  });

  it("gives the same types as JSON", async () => {
    const { out } = await runCommand("hardware", "list", "--provider", "aws", "--json");
    const types = JSON.parse(out) as Json[];
    expect(types.filter(({ verified }) => verified)).toHaveLength(298);
    expect(types.find(({ name }) => name === "hpc7g.16xlarge")).toMatchObject({ arch: "arm64", cores: 64, gbps: 200 });
  });

  it("marks in the table what only documentation speaks of", async () => {
    const { out } = await runCommand("hardware", "list", "--provider", "aws");
    expect(out).toMatch(/^p6e-gb200\.36xlarge\* /m);
    expect(out.trimEnd().split("\n").at(-1)).toBe("* known from documentation only");
  });

  it("says which fabrics there are when no type has the one asked for", async () => {
    const { code, out, error } = await runCommand("hardware", "list", "--provider", "aws", "--fabric", "falcon");
    expect([code, out]).toEqual([1, ""]);
    expect(error).toContain("No machine type of aws has this fabric.\n    allowed: efa\n");
  });

  it("ends with 2 for a provider that there is not", async () => {
    expect((await runCommand("hardware", "list", "--provider", "azure")).code).toBe(2);
  });
});

describe("turducken hardware show", () => {
  it("gives name, networkCards, efaCards, interfaces and maxPods of an AWS type", async () => {
    expect(await show("p6-b300.48xlarge")).toMatchObject({
      name: "p6-b300.48xlarge",
      networkCards: 17,
      efaCards: 16,
      layout: "dedicated",
      interfaces: [
        { card: 0, device: 0, type: "interface" },
        ...Array.from({ length: 16 }, (_, index) => ({ card: index + 1, device: 0, type: "efa-only" })),
      ],
      efas: 16,
      addresses: 1,
      maxPods: 198,
    });
  });

  it("tells the true number of pods in the layout asked for, and both layouts always", async () => {
    const dedicated = await show("hpc7g.16xlarge", "--layout", "dedicated");
    expect(dedicated).toMatchObject({ layout: "dedicated", maxPods: 149, nodeadmMaxPods: 198 });
    expect(dedicated.maxPodsExpression).toBe("((default_enis - 1) * (ips_per_eni - 1)) + 2");
    expect(dedicated.layouts).toMatchObject({ primary: { maxPods: 198, efas: 1 }, dedicated: { maxPods: 149, efas: 1 } });
    expect(await show("hpc7g.16xlarge")).toMatchObject({
      layout: "primary",
      interfaces: [{ card: 0, device: 0, type: "efa" }],
      maxPods: 198,
    });
  });

  it("has the offer of a pool in it", async () => {
    const { offer } = await show("p5.48xlarge");
    expect(offer).toMatchObject({
      gpus: 8,
      hugePages: { reservedMiB: 10256, perBrokerMiB: 5120 },
      broker: { cores: 96, gpus: 8 },
    });
    expect((await show("a3-ultragpu-8g")).offer).toMatchObject({ claims: [{ deviceClass: "mrdma.google.com" }] });
    expect(await show("dgx-h100")).not.toHaveProperty("networkCards");
  });

  it("shows a person the same on lines", async () => {
    const { code, out } = await runCommand("hardware", "show", "p5.48xlarge");
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}layout +dedicated: 0\/0 interface, 0\/1 efa-only, 1-31\/0 efa-only$/m);
    expect(out).toMatch(/^ {2}max pods +51; nodeadm would say 100, correct it with maxPodsExpression: /m);
    expect(out).toMatch(/^ {2}vpc\.amazonaws\.com\/efa +32$/m);
  });

  it("shows every type of the catalogue without a hole in it", async () => {
    const names = (JSON.parse((await runCommand("hardware", "list", "--json")).out) as Json[]).map(({ name }) => name as string);
    expect(names.length).toBeGreaterThan(330);
    for (const name of names) {
      const { code, out } = await runCommand("hardware", "show", name);
      expect([name, code]).toEqual([name, 0]);
      expect(out).not.toMatch(/undefined|NaN|\[object/);
    }
  });

  it("ends with 1 and the nearest names for a type that there is not", async () => {
    const { code, out, error } = await runCommand("hardware", "show", "p5.49xlarge");
    expect([code, out]).toEqual([1, ""]);
    expect(error).toContain("There is no machine type of this name.\n    allowed: nearest: p5.48xlarge, ");
  });

  it("ends with 1 for a layout that cannot be on the type, and says why", async () => {
    const impossible = await runCommand("hardware", "show", "p6-b300.48xlarge", "--layout", "primary");
    expect([impossible.code, impossible.out]).toEqual([1, ""]);
    expect(impossible.error).toContain("card 0 carries no EFA, and the primary interface is on card 0.");
    const without = await runCommand("hardware", "show", "dgx-h100", "--layout", "primary");
    expect(without.code).toBe(1);
    expect(without.error).toContain("Only machine types of AWS have layouts of interfaces; dgx-h100 is of bare-metal.");
  });

  it("warns on standard error of a type that nobody confirmed, and keeps the JSON clean", async () => {
    const { code, out, error } = await runCommand("hardware", "show", "p6e-gb200.36xlarge", "--json");
    expect(code).toBe(0);
    expect((JSON.parse(out) as Json).warnings).toHaveLength(1);
    expect(error).toMatch(/^warning: p6e-gb200\.36xlarge = .*Only documentation speaks of this machine type/);
  });
});
