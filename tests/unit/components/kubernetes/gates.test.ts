import { compareVersions, featureGates, schedulersPossible } from "../../../../components/kubernetes";

test("1.36 serves PodGroup as v1alpha2 and has the scheduler's own gang gate", () => {
  const gates = featureGates("1.36.3", true);
  expect(gates.gangApi).toBe("scheduling.k8s.io/v1alpha2");
  expect(gates.runtimeConfig).toEqual({ "scheduling.k8s.io/v1alpha2": true });
  expect(gates.scheduler.GangScheduling).toBe(true);
  expect(gates.apiServer).not.toHaveProperty("GangScheduling");
});

test("1.37 serves PodGroup as v1beta1 and no longer knows the gang gate, which would stop the scheduler", () => {
  const gates = featureGates("1.37.2", true);
  expect(gates.gangApi).toBe("scheduling.k8s.io/v1beta1");
  expect(gates.scheduler).not.toHaveProperty("GangScheduling");
});

test("with gangs the backoff gate is off, so that a pending gang does not eat a core", () => {
  for (const version of ["1.36.0", "1.37.2"]) expect(featureGates(version, true).scheduler.SchedulerPopFromBackoffQ).toBe(false);
});

test("gangs on a version that is not in the table are refused, never guessed", () => {
  expect(() => featureGates("1.38.0", true)).toThrow(/1\.36, 1\.37/);
  expect(featureGates("1.38.0", false)).toEqual({ apiServer: {}, controllerManager: {}, scheduler: {}, runtimeConfig: {} });
});

test.each([
  ["1.36.3", true, ["gang", "fluence", "kueue", "default"]],
  ["1.36.3", false, ["kueue", "default"]],
  ["1.37.2", true, ["gang", "kueue", "default"]],
  ["1.35.1", false, ["kueue", "default"]],
])("Kubernetes %s with gangs %s can run %j and says why not the others", (version, gangs, possible) => {
  const verdict = schedulersPossible(version, gangs);
  expect(verdict.possible).toEqual(possible);
  expect(Object.keys(verdict.impossible).sort()).toEqual(["fluence", "gang"].filter((each) => !possible.includes(each)).sort());
});

test("versions compare by number", () => {
  expect(compareVersions("1.36.10", "1.36.9")).toBeGreaterThan(0);
  expect(compareVersions("2.0", "2.0.0")).toBe(0);
  expect(compareVersions("1.6.20", "2.0.0")).toBeLessThan(0);
});
