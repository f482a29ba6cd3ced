import fc from "fast-check";
import {
  chooseSubnet,
  gatewayOf,
  hardwareAddress,
  machineOf,
  parseRange,
  routeRanges,
  uplinkName,
} from "../../../../../tools/rehearse/lab/network";

describe("choosing a subnet for a run", () => {
  it("takes a /24 out of 10.64.0.0/11 that no route or other run uses", () => {
    const taken = [parseRange("10.64.0.0/16")!, parseRange("10.65.7.9")!];
    const answers = [0, 255, 256 + 7, 256 + 8];
    expect(chooseSubnet(taken, () => answers.shift()!)).toBe("10.65.8");
  });

  it("stays inside 10.64.0.0/11 whatever the dice say", () => {
    fc.assert(
      fc.property(fc.nat((1 << 13) - 1), (index) => {
        const range = parseRange(`${chooseSubnet([], () => index)}.0/24`)!;
        const all = parseRange("10.64.0.0/11")!;
        expect(range.first >= all.first && range.last <= all.last).toBe(true);
      }),
    );
  });

  it("says so when routes cover all of it", () => {
    expect(() => chooseSubnet([parseRange("10.0.0.0/8")!], () => 3)).toThrow("no free /24 network in 10.64.0.0/11");
  });
});

describe("reading routes", () => {
  it("finds networks and single addresses and ignores default routes", () => {
    const text = `default via 192.0.2.1 dev eth0
10.70.1.0/24 dev td01234567 proto kernel scope link src 10.70.1.254
local 10.70.1.254 dev td01234567 table local proto kernel scope host src 10.70.1.254
unreachable 10.96.0.0/12 metric 4294967295
0.0.0.0/0 via 192.0.2.1 dev eth1
`;
    expect(routeRanges(text)).toEqual(["10.70.1.0/24", "10.70.1.254/32", "10.96.0.0/12"].map((range) => parseRange(range)));
  });

  it("reads a range as its first and last address", () => {
    expect(parseRange("10.1.2.3/24")).toEqual({ first: 0x0a010200, last: 0x0a0102ff });
    expect(parseRange("fd00::/64")).toBeUndefined();
  });
});

describe("names of a run", () => {
  it("fits the link's name into Linux's fifteen characters", () => {
    expect(uplinkName("0123abcd").length).toBeLessThanOrEqual(15);
  });

  it("keeps a host's hardware address over reboots and tells hosts and runs apart", () => {
    expect(hardwareAddress("0123abcd", 10)).toBe("02:01:23:ab:cd:0a");
    expect(hardwareAddress("0123abcd", 11)).not.toBe(hardwareAddress("0123abcd", 10));
  });

  it("gives the gateway and this machine addresses that no host gets", () => {
    expect([gatewayOf("10.70.1"), machineOf("10.70.1")]).toEqual(["10.70.1.253", "10.70.1.254"]);
  });
});
