import { parseConfig } from "../../../../components/config/parse";
import { miniClusterConfig, type MiniClusterSpec } from "../../../../components/minicluster";
import { lammps } from "./fixtures";

const parse = (raw: object) => parseConfig(miniClusterConfig, raw, "m");

describe("miniClusterConfig", () => {
  test("gives a MiniClusterSpec, with a text as command split at spaces", () => {
    const spec: MiniClusterSpec = parse({
      name: "lammps",
      nodes: 2,
      image: lammps.image,
      command: "lmp  -in in.txt",
      resources: { cpu: 8 },
      environment: { OMP_NUM_THREADS: 2 },
    });
    expect(spec).toEqual({
      name: "lammps",
      nodes: 2,
      image: lammps.image,
      command: ["lmp", "-in", "in.txt"],
      resources: { cpu: "8" },
      environment: { OMP_NUM_THREADS: "2" },
      cpu: "shared",
      wait: "none",
      waitSeconds: 3600,
      unchecked: false,
    });
  });

  test("keeps the words of a list", () => {
    expect(parse({ name: "a", nodes: 1, image: "i", command: ["sh", "-c", "a b"] }).command).toEqual(["sh", "-c", "a b"]);
  });

  test("tells everything that is wrong, with the place", () => {
    const raw = {
      name: "Lammps",
      nodes: 0,
      image: "i",
      within: "rack",
      launch: { mpi: "lam" },
      probe: { world: "yes" },
      taks: 3,
    };
    expect(() => parse(raw)).toThrow(
      /m\.name[\s\S]*m\.nodes[\s\S]*m\.launch\.mpi[\s\S]*m\.probe\.world[\s\S]*m\.within[\s\S]*m\.taks/,
    );
  });
});
