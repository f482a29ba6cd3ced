import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEfaTypes, parseZones } from "../../../../../hardware/catalogue/aws/table";

const folder = join(__dirname, "../../../../../hardware/catalogue/aws");
const text = readFileSync(join(folder, "efa-instance-types.tsv"), "utf8");
const lines = text.split("\n");
const headerLine = lines.findIndex((line) => line.startsWith("type\t"));
const header = lines[headerLine]!.split("\t");
const row = lines.find((line) => line.startsWith("p6-b300.48xlarge\t"))!;

/** A table with one row in line 3, in which one column is changed. */
const changed = (column: string, value: string) => {
  const cells = row.split("\t");
  cells[header.indexOf(column)] = value;
  return `# comment\n${lines[headerLine]}\n${cells.join("\t")}\n`;
};
const parse = (table: string) => parseEfaTypes(table, "t.tsv", new Map());

describe("our table of EC2 types", () => {
  test("names its source and is sorted by name", () => {
    expect(text).toContain("getmoto/moto:moto/ec2/resources/instance_types.json@34d6cad5a");
    const names = lines.slice(headerLine + 1).flatMap((line) => (line === "" ? [] : [line.split("\t")[0]!]));
    expect(names).toHaveLength(298);
    expect(names).toEqual([...names].sort());
  });

  test("is read row by row", () => {
    expect(parse(changed("local_disks", "")).map(({ name, localDisks }) => [name, localDisks])).toEqual([
      ["p6-b300.48xlarge", 0],
    ]);
  });

  test.each([
    ["type", "P6", 't.tsv:3: type: "P6" is no name of an EC2 type.'],
    ["arch", "i386", 't.tsv:3: arch: "i386" is not one of x86_64, arm64.'],
    ["vcpus", "191", "t.tsv:3: vcpus: is not cores times threads_per_core."],
    ["cores", "9x", 't.tsv:3: cores: "9x" is no whole number.'],
    ["threads_per_core", "4", 't.tsv:3: threads_per_core: "4" is not one of 1, 2.'],
    ["memory_mib", "", 't.tsv:3: memory_mib: "" is no whole number.'],
    ["accelerators", "8xNVIDIA B300", 't.tsv:3: accelerators: "8xNVIDIA B300" is not understood.'],
    ["accelerators", "8xAcme Fast:1", 't.tsv:3: accelerators: "8xAcme Fast:1" is not understood.'],
    ["network_performance", "fast", 't.tsv:3: network_performance: "fast" is not understood.'],
    ["network_cards", "16", "t.tsv:3: interfaces_per_card: not network_cards of them."],
    ["max_efa", "17", "t.tsv:3: max_efa: 17 is not the number of cards that carry EFA."],
    ["interfaces_per_card", "17of4", 't.tsv:3: interfaces_per_card: "17of4" is not count x value.'],
    ["max_interfaces", "67", "t.tsv:3: interfaces_per_card: their sum is not max_interfaces."],
    ["gbps_per_card", "1x350", "t.tsv:3: gbps_per_card: not network_cards of them."],
    ["gbps_per_card", "2x350,15x400", "t.tsv:3: gbps_per_card: the cards that carry EFA differ."],
    ["local_disks", "8", 't.tsv:3: local_disks: "8" is not count x value.'],
    ["usage_classes", "on-demand,lent", 't.tsv:3: usage_classes: "lent" is not one of on-demand, spot, capacity-block.'],
    ["placement", "", 't.tsv:3: placement: "" is not one of cluster, partition, spread.'],
    ["ebs_max_iops", "-1", 't.tsv:3: ebs_max_iops: "-1" is no whole number.'],
    ["bare_metal", "False", 't.tsv:3: bare_metal: "False" is not one of true, false.'],
    ["current_generation", "", 't.tsv:3: current_generation: "" is not one of true, false.'],
  ])("refuses %s %j, naming file and line", (column, value, message) => {
    expect(() => parse(changed(column, value))).toThrow(new Error(message));
  });

  test("refuses other columns, a short row, a type listed twice, and no table at all", () => {
    const good = changed("arch", "x86_64");
    expect(() => parse(good.replace("\tarch\t", "\tisa\t"))).toThrow(/^t\.tsv:2: the columns are not type, arch, /);
    expect(() => parse(`${good}c5n.18xlarge\tx86_64\n`)).toThrow(new Error("t.tsv:4: 2 columns instead of 23."));
    expect(() => parse(`${good}${row}\n`)).toThrow(new Error("t.tsv:4: p6-b300.48xlarge is listed twice."));
    expect(() => parse("# nothing\n")).toThrow(new Error("t.tsv: there is no row with the names of the columns."));
  });

  test("refuses zones that are none, and zones of a type that is not there", () => {
    expect(() => parseZones("type\tzone_ids\nhpc7g.4xlarge\tus-east-1a\n", "z.tsv")).toThrow(
      new Error('z.tsv:2: zone_ids: "us-east-1a" is no zone id.'),
    );
    const zones = parseZones("type\tzone_ids\nhpc9z.4xlarge\tuse1-az6\n", "z.tsv");
    expect(() => parseEfaTypes(text, "t.tsv", zones)).toThrow(
      new Error("t.tsv: there are zones for hpc9z.4xlarge, but it is no row here."),
    );
  });
});
