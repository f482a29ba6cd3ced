import { findMachineType } from "../../../../../hardware/catalogue";
import { awsType } from "../../../../../hardware/catalogue/aws";

describe("the nearest names of an EC2 type that is unknown", () => {
  test.each([
    ["p5.48xlage", ["p5.48xlarge", "p5.4xlarge", "p5e.48xlarge"]],
    ["p5.48", ["p5.48xlarge", "p5.4xlarge", "p5e.48xlarge"]],
    ["P5.48XLARGE", ["p5.48xlarge", "p5.4xlarge", "p5e.48xlarge"]],
    ["p5", ["p5.48xlarge", "p5.4xlarge", "p5e.48xlarge"]],
    ["p548xlarge", ["p5.48xlarge", "p5.4xlarge", "p5e.48xlarge"]],
    ["hpc7g-16xlarge", ["hpc7g.16xlarge", "hpc7g.8xlarge", "hpc7g.4xlarge"]],
    ["hpc7g.large", ["hpc7g.4xlarge", "hpc7g.8xlarge", "hpc7g.16xlarge"]],
    ["g5.xlarge", ["g5.8xlarge", "g5.12xlarge", "g5.16xlarge"]],
    ["m8g.metal", ["m8g.metal-24xl", "m8g.metal-48xl", "m8g.24xlarge"]],
    ["hpc6.48xlarge", ["hpc6a.48xlarge"]],
    ["p6.48xlarge", ["p6-b200.48xlarge", "p6-b300.48xlarge"]],
    ["p6e-gb300.36xlarge", ["p6e-gb200.36xlarge", "p6-b300.48xlarge"]],
    ["inf2.48xlarge", ["inf1.24xlarge"]],
  ])("of %s are %j", (name, nearest) => {
    const found = findMachineType(name).nearest!;
    expect(found.slice(0, nearest.length)).toEqual(nearest);
    expect(found.length).toBeLessThanOrEqual(3);
  });

  test("begin with the user's own types", () => {
    const own = { ...awsType("hpc7g.16xlarge")!, name: "hpc7g.site" };
    expect(findMachineType("hpc7g.sites", { "hpc7g.site": own }).nearest![0]).toBe("hpc7g.site");
  });

  test("are never all 300 of them", () => {
    expect(findMachineType("zzz").nearest!.length).toBeLessThan(20);
  });
});
