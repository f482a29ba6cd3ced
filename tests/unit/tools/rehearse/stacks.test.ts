import { findProject } from "../../../../tools/config/project";
import { stackEntries, stackFamily, type StackEntry } from "../../../../tools/rehearse/stacks";

const examples = stackEntries(findProject(__dirname));

test("the example's family is the cluster, then layers, then workloads", () => {
  expect(stackFamily(examples, "bare-metal").map(({ stack, program }) => [stack, program])).toEqual([
    ["bare-metal", "cluster"],
    ["bare-metal-layers", "layers"],
    ["bare-metal-gang", "workload"],
    ["bare-metal-lammps", "workload"],
  ]);
});

test("stacks of another cluster are left out", () => {
  const others: StackEntry[] = [
    { stack: "other", program: "cluster", references: [] },
    { stack: "other-layers", program: "layers", references: ["other"] },
  ];
  expect(stackFamily([...others, ...examples], "other").map(({ stack }) => stack)).toEqual(["other", "other-layers"]);
});

test("a stack that is not there or is no cluster is refused with those that are", () => {
  expect(() => stackFamily(examples, "bare-meta")).toThrow("there is no stack file Pulumi.bare-meta.yaml; there are: bare-metal");
  expect(() => stackFamily(examples, "bare-metal-gang")).toThrow(
    /is a workload stack on bare-metal and bare-metal-layers; rehearse a cluster stack: bare-metal/,
  );
});
