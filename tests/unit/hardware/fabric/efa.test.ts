import { awsType, awsTypes } from "../../../../hardware/catalogue/aws";
import type { EfaLayout } from "../../../../hardware/catalogue/aws/facts";
import { efaInterfaces, type EfaInterface, type EfaOptions } from "../../../../hardware/fabric/efa";
import type { AwsMachineType } from "../../../../hardware/types";

function plan(name: string, layout?: EfaLayout, options?: EfaOptions) {
  const result = efaInterfaces(awsType(name)!, layout, options);
  expect(result.problems).toEqual([]);
  return result.plan!;
}

const shown = (interfaces: readonly EfaInterface[]) => interfaces.map(({ card, device, type }) => `${card}/${device}:${type}`);
const cards = (first: number, last: number, device: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${device}:efa-only`);

/** Every type that AWS's documentation or somebody's hardware speaks of: the exact lists. */
const ONE_CARD = [
  ...["hpc6a.48xlarge", "hpc7g.4xlarge", "hpc7g.8xlarge", "hpc7g.16xlarge", "c5n.9xlarge", "c5n.18xlarge", "c6gn.16xlarge"],
  ...["c7gn.16xlarge", "c8gn.16xlarge", "c8gn.24xlarge", "c8in.48xlarge", "p5.4xlarge", "g4dn.8xlarge", "g4dn.12xlarge"],
  ...["g5.8xlarge", "g5.12xlarge", "g5.24xlarge", "g5.48xlarge", "g6.8xlarge", "g6.12xlarge", "g6.24xlarge", "g6.48xlarge"],
  ...["g6e.8xlarge", "g6e.12xlarge", "g7.8xlarge", "g7e.8xlarge", "g7e.12xlarge", "trn2.3xlarge"],
];
const TWO_CARDS = [
  ...["hpc7a.12xlarge", "hpc7a.24xlarge", "hpc7a.48xlarge", "hpc7a.96xlarge", "hpc8a.96xlarge", "c6in.32xlarge"],
  ...["c8gn.48xlarge", "c8in.96xlarge", "g6e.24xlarge", "g7.48xlarge", "g7e.24xlarge"],
];
const MORE_CARDS: readonly [string, number][] = [
  ["p4d.24xlarge", 4],
  ["p4de.24xlarge", 4],
  ["g6e.48xlarge", 4],
  ["g7e.48xlarge", 4],
  ["p5.48xlarge", 32],
  ["p5e.48xlarge", 32],
  ["p5en.48xlarge", 16],
  ["p6-b200.48xlarge", 8],
  ["trn1.32xlarge", 8],
  ["trn1n.32xlarge", 16],
  ["trn2.48xlarge", 16],
];

describe("the EFA interfaces of a type", () => {
  test.each(ONE_CARD)("%s has one card", (name) => {
    expect(shown(plan(name, "primary").interfaces)).toEqual(["0/0:efa"]);
    expect(shown(plan(name, "dedicated").interfaces)).toEqual(["0/0:interface", "0/1:efa-only"]);
  });

  test.each([...TWO_CARDS.map((name) => [name, 2] as const), ...MORE_CARDS])(
    "%s has EFA on each of its %d cards",
    (name, count) => {
      expect(shown(plan(name, "primary").interfaces)).toEqual(["0/0:efa", ...cards(1, count - 1, 1)]);
      expect(shown(plan(name, "dedicated").interfaces)).toEqual(["0/0:interface", "0/1:efa-only", ...cards(1, count - 1, 0)]);
      expect(plan(name, "dedicated")).toMatchObject({ efas: count, addresses: 1 });
      expect(plan(name, "primary")).toMatchObject({ efas: count, addresses: 1 });
    },
  );

  test("hpc6id.32xlarge fits one interface on a card, so it can only be primary", () => {
    const hpc6id = plan("hpc6id.32xlarge");
    expect(shown(hpc6id.interfaces)).toEqual(["0/0:efa", "1/0:efa-only"]);
    expect(hpc6id).toMatchObject({ layout: "primary", efas: 2, addresses: 1, maxPods: { value: 51, nodeadm: 51 } });
    expect(efaInterfaces(awsType("hpc6id.32xlarge")!, "dedicated", { path: "pools.cpu.efaLayout" }).problems).toEqual([
      {
        path: "pools.cpu.efaLayout",
        value: "dedicated",
        message:
          "hpc6id.32xlarge: one interface fits on card 0, so there is no place for an efa-only beside the primary interface.",
        allowed: "primary",
        fix: "Use the layout primary.",
      },
    ]);
  });

  test("p6-b300.48xlarge has no EFA on card 0, so it can only be dedicated", () => {
    const b300 = plan("p6-b300.48xlarge");
    expect(shown(b300.interfaces)).toEqual(["0/0:interface", ...cards(1, 16, 0)]);
    expect(b300).toMatchObject({ layout: "dedicated", efas: 16, addresses: 1, maxPods: { value: 198, nodeadm: 198 } });
    expect(efaInterfaces(awsType("p6-b300.48xlarge")!, "primary").problems).toEqual([
      {
        path: "machineType",
        value: "primary",
        message: "p6-b300.48xlarge: card 0 carries no EFA, and the primary interface is on card 0.",
        allowed: "dedicated",
        fix: "Use the layout dedicated.",
      },
    ]);
  });

  test("p6e-gb200.36xlarge has one EFA for each of its four GPUs", () => {
    const gb200 = plan("p6e-gb200.36xlarge");
    expect(shown(gb200.interfaces)).toEqual(["0/0:interface", "1/0:efa-only", "5/0:efa-only", "9/0:efa-only", "13/0:efa-only"]);
    expect(gb200).toMatchObject({ layout: "dedicated", efas: 4, addresses: 1, maxPods: { value: 100, nodeadm: 100 } });
    expect(efaInterfaces(awsType("p6e-gb200.36xlarge")!, "primary").problems.map(({ allowed }) => allowed)).toEqual([
      "dedicated",
    ]);
  });

  test("a type without EFA is refused", () => {
    const known = awsType("c5n.18xlarge")!;
    const plain: AwsMachineType = {
      ...known,
      fabric: { kind: "ethernet", rateGbps: 100 },
      aws: { ...known.aws, networkCards: [{ interfaces: 15, efa: false }] },
    };
    expect(efaInterfaces(plain).problems.map(({ message }) => message)).toEqual(["c5n.18xlarge: the type has no EFA."]);
  });
});

describe("extra plain interfaces", () => {
  test.each(["p5.48xlarge", "p5e.48xlarge"])("give %s eight addresses on the cards that AWS documents", (name) => {
    const result = plan(name, "dedicated", { extraInterfaces: "documented" });
    expect(result.interfaces).toHaveLength(33 + 7);
    const extra = [4, 8, 12, 16, 20, 24, 28].flatMap((card) => [`${card}/0:efa-only`, `${card}/1:interface`]);
    expect(shown(result.interfaces.filter(({ card }) => card > 0 && card % 4 === 0))).toEqual(extra);
    expect(result).toMatchObject({ efas: 32, addresses: 8, maxPods: { value: 51, nodeadm: 100 } });
  });

  test("can be named by card", () => {
    expect(shown(plan("p6-b200.48xlarge", "dedicated", { extraInterfaces: [7, 2] }).interfaces.slice(3))).toEqual([
      ...["2/0:efa-only", "2/1:interface", "3/0:efa-only", "4/0:efa-only", "5/0:efa-only", "6/0:efa-only"],
      ...["7/0:efa-only", "7/1:interface"],
    ]);
  });

  test("are refused where they do not fit, all at once", () => {
    const refused = (name: string, layout: EfaLayout, extraInterfaces: EfaOptions["extraInterfaces"]) =>
      efaInterfaces(awsType(name)!, layout, { path: "p", extraInterfaces }).problems.map(({ path, message }) => [path, message]);
    expect(refused("hpc7a.96xlarge", "dedicated", [0, 1, 1, 2])).toEqual([
      ["p.extraInterfaces[0]", "hpc7a.96xlarge: no plain interface can be added on card 0, which has the primary one."],
      ["p.extraInterfaces[2]", "hpc7a.96xlarge: card 1 is listed twice."],
      ["p.extraInterfaces[3]", "hpc7a.96xlarge: no plain interface can be added on card 2."],
    ]);
    expect(refused("p6-b300.48xlarge", "primary", [1]).map(([path]) => path)).toEqual(["p", "p.extraInterfaces"]);
    expect(refused("hpc7a.96xlarge", "dedicated", "documented")).toEqual([
      ["p.extraInterfaces", "hpc7a.96xlarge: AWS documents no cards for extra interfaces."],
    ]);
  });
});

describe("the number of pods", () => {
  /** What nodeadm computes from the API's numbers. */
  test.each([
    ["hpc6a.48xlarge", 100],
    ["hpc6id.32xlarge", 51],
    ["hpc7a.12xlarge", 100],
    ["hpc7a.24xlarge", 100],
    ["hpc7a.48xlarge", 100],
    ["hpc7a.96xlarge", 100],
    ["hpc7g.4xlarge", 198],
    ["hpc7g.8xlarge", 198],
    ["hpc7g.16xlarge", 198],
    ["hpc8a.96xlarge", 100],
    ["c5n.9xlarge", 234],
    ["c5n.18xlarge", 737],
    ["c6in.32xlarge", 394],
    ["c6gn.16xlarge", 737],
    ["c7gn.16xlarge", 737],
    ["c8gn.16xlarge", 786],
    ["c8gn.24xlarge", 1178],
    ["c8gn.48xlarge", 590],
    ["c8in.48xlarge", 1514],
    ["c8in.96xlarge", 758],
    ["p4d.24xlarge", 737],
    ["p4de.24xlarge", 737],
    ["p5.4xlarge", 118],
    ["p5.48xlarge", 100],
    ["p5e.48xlarge", 100],
    ["p5en.48xlarge", 198],
    ["p6-b200.48xlarge", 198],
    ["p6-b300.48xlarge", 198],
    ["g4dn.8xlarge", 58],
    ["g4dn.12xlarge", 234],
    ["g5.8xlarge", 234],
    ["g5.12xlarge", 737],
    ["g5.24xlarge", 737],
    ["g5.48xlarge", 345],
    ["g6.8xlarge", 234],
    ["g6.12xlarge", 234],
    ["g6.24xlarge", 737],
    ["g6.48xlarge", 737],
    ["g6e.8xlarge", 234],
    ["g6e.12xlarge", 292],
    ["g6e.24xlarge", 492],
    ["g6e.48xlarge", 492],
    ["g7.8xlarge", 632],
    ["g7.48xlarge", 758],
    ["g7e.8xlarge", 506],
    ["g7e.12xlarge", 632],
    ["g7e.24xlarge", 632],
    ["g7e.48xlarge", 632],
    ["trn1.32xlarge", 247],
    ["trn1n.32xlarge", 247],
    ["trn2.3xlarge", 30],
    ["trn2.48xlarge", 100],
  ])("of %s is %d for nodeadm, and true where no efa-only is on card 0", (name, nodeadm) => {
    const { layout, maxPods } = plan(name);
    expect(maxPods.nodeadm).toBe(nodeadm);
    if (layout === "primary" || name === "p6-b300.48xlarge") expect(maxPods).toEqual({ value: nodeadm, nodeadm });
    else expect(maxPods.value).toBeLessThan(nodeadm);
  });

  /** An `efa-only` on card 0 takes the place of an interface with addresses, which nodeadm does not see. */
  test.each([
    ["hpc6a.48xlarge", 51, 100],
    ["hpc7a.96xlarge", 51, 100],
    ["hpc8a.96xlarge", 51, 100],
    ["p5.48xlarge", 51, 100],
    ["p5e.48xlarge", 51, 100],
    ["trn2.48xlarge", 51, 100],
    ["p5en.48xlarge", 149, 198],
    ["p6-b200.48xlarge", 149, 198],
    ["hpc7g.16xlarge", 149, 198],
  ])("of %s in the layout dedicated is %d, not the %d of nodeadm", (name, value, nodeadm) => {
    const expression = "((default_enis - 1) * (ips_per_eni - 1)) + 2";
    expect(plan(name, "dedicated").maxPods).toEqual({ value, nodeadm, expression });
    const { networkCards, ipv4PerInterface } = awsType(name)!.aws;
    expect((networkCards[0]!.interfaces - 1) * (ipv4PerInterface - 1) + 2).toBe(value);
  });
});

describe("the interfaces of every type", () => {
  const both = awsTypes().flatMap((type) =>
    (["primary", "dedicated"] as const).map((layout) => [type.name, layout, type] as const),
  );
  const refused = both.filter(([, layout, type]) => efaInterfaces(type, layout).problems.length > 0);

  test("are refused for three types in one layout only, and never in their own", () => {
    expect(refused.map(([name, layout]) => [name, layout])).toEqual([
      ["hpc6id.32xlarge", "dedicated"],
      ["p6-b300.48xlarge", "primary"],
      ["p6e-gb200.36xlarge", "primary"],
    ]);
    expect(refused.filter(([, layout, type]) => type.aws.layout === layout)).toEqual([]);
  });

  test("obey the rules of EC2 on all cards, with as many EFAs as the API allows", () => {
    const accepted = both.filter((one) => !refused.includes(one));
    expect(accepted).toHaveLength(2 * 300 - 3);
    for (const [name, layout, type] of accepted) {
      const { interfaces, efas, maxPods } = efaInterfaces(type, layout).plan!;
      const { networkCards } = type.aws;
      networkCards.forEach((card, index) => {
        const here = interfaces.filter((one) => one.card === index);
        const efaHere = here.filter((one) => one.type !== "interface").length;
        expect([name, index, here.length <= card.interfaces, efaHere <= (card.efa ? 1 : 0)]).toEqual([name, index, true, true]);
        expect([name, index, here.every((one) => one.device < card.interfaces)]).toEqual([name, index, true]);
        expect(new Set(here.map(({ device }) => device)).size).toBe(here.length);
      });
      expect(interfaces.every(({ card }) => card < networkCards.length)).toBe(true);
      expect(interfaces[0]).toEqual({ card: 0, device: 0, type: layout === "primary" ? "efa" : "interface" });
      expect([name, efas]).toEqual([name, type.fabric.kind === "efa" && type.fabric.interfaces]);
      expect(maxPods.value).toBeLessThanOrEqual(maxPods.nodeadm);
    }
  });
});
