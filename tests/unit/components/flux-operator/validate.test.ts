import { validateMiniClusterObject } from "../../../../components/flux-operator";
import { INVALID, mini, VALID } from "./cases";

const at = (object: unknown) => validateMiniClusterObject(object, "mc").map(({ path }) => path);

test.each(Object.entries(VALID))("accepts %s", (_name, object) => {
  expect(validateMiniClusterObject(object, "mc")).toEqual([]);
});

test.each(Object.entries(INVALID))("refuses %s", (_name, { object, at: places }) => {
  expect(at(object)).toEqual(places.map((place) => `mc.${place}`));
});

test("there are as many cases as promised", () => {
  expect(Object.keys(VALID).length).toBeGreaterThanOrEqual(30);
  expect(Object.keys(INVALID).length).toBeGreaterThanOrEqual(60);
});

test("a problem says what, why, what is allowed and what to do", () => {
  expect(validateMiniClusterObject(mini({ size: 4, maxSize: 2 }), "workload.miniClusters.lammps")).toEqual([
    {
      path: "workload.miniClusters.lammps.spec.maxSize",
      value: 2,
      message: "It is smaller than size (4); the operator refuses that in its log only.",
      allowed: "a whole number from 4",
      fix: "Raise it to the size at least, or leave it out.",
    },
  ]);
});

test("every problem has a message and a fix that are sentences", () => {
  const problems = Object.values(INVALID).flatMap(({ object }) => validateMiniClusterObject(object));
  expect(problems.filter(({ message, fix }) => !message.endsWith(".") || !/[.?]$/.test(fix))).toEqual([]);
});

test("a misspelt field is told with its neighbour", () => {
  const [problem] = validateMiniClusterObject({ ...mini(), spec: { ...mini().spec, taks: 4 } });
  expect(problem).toMatchObject({ path: "miniCluster.spec.taks", fix: "Did you mean tasks?" });
});

test("the certificate is never shown, neither where it is wrong nor where its type is", () => {
  const text = (curveCert: unknown) =>
    JSON.stringify(validateMiniClusterObject({ ...mini(), spec: { ...mini().spec, flux: { curveCert } } }));
  expect(text("SECRET")).not.toContain("SECRET");
  expect(text({ "secret-key": "SECRET" })).not.toContain("SECRET");
  expect(text("SECRET")).toContain("curveCert");
});

test.each([undefined, null, 5, "x", [], { spec: 5 }, { metadata: [] }])(
  "%j is told to be none, without an exception",
  (object) => {
    expect(validateMiniClusterObject(object).length).toBeGreaterThan(0);
  },
);

test("mistakes beside a missing name, a wrong kind and a wrong type are told as well", () => {
  const object = {
    kind: "Pod",
    metadata: {},
    spec: { containers: [{ ...mini().spec.containers[0], command: 5 }], size: 0, maxSize: "x" },
  };
  expect(at(object)).toEqual([
    "mc.apiVersion",
    "mc.kind",
    "mc.metadata.name",
    `mc.spec.containers[0].command`,
    "mc.spec.maxSize",
    "mc.spec.size",
  ]);
});
