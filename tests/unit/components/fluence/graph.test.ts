import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Fluence } from "../../../../components/fluence/fluence";
import { restartHash } from "../../../../components/fluence/objects";
import { graphOf, plainText, revealed } from "../../../fixtures/graph";
import { config, twoPools } from "./fixtures";

const contract = twoPools();
const build = () =>
  graphOf(async () => {
    const provider = new k8s.Provider("kubernetes", { kubeconfig: "x", clusterIdentifier: "x" });
    new Fluence("fluence", { contract, config: config(), kubeconfig: pulumi.secret("KUBECONFIG") }, { provider });
    return {};
  });

test("every child is under the component and says which cluster it is in", async () => {
  const { resources } = await build();
  const children = resources.filter((each) => each.parent === "fluence");
  expect(children.map((each) => each.name).sort()).toEqual(
    [
      ...["n01", "n02", "n03", "n04", "n05", "n06"].map((node) => `${node}-fluence`),
      "fluence-keep-off",
      "fluence-tolerate",
      "fluence-keep-off-binding",
      "fluence-tolerate-binding",
      "fluence-hide",
      "fluence-namespace",
      "fluence-account",
      "fluence-extra",
      "fluence-as-scheduler",
      "fluence-as-volume-scheduler",
      "fluence-extra-binding",
      "fluence-authentication",
      "fluence-config",
      "fluence-gate",
      "fluence-scheduler",
    ].sort(),
  );
  const kubernetes = children.filter((each) => each.type.startsWith("kubernetes:"));
  expect(kubernetes.map((each) => each.provider)).toEqual(kubernetes.map(() => "kubernetes"));
});

test("nodes are marked, then others kept off, then hidden, then looked at, and only then Fluence starts", async () => {
  const graph = await build();
  const marks = ["n01", "n02", "n03", "n04", "n05", "n06"].map((node) => `${node}-fluence`);
  const policy = "kubernetes:admissionregistration.k8s.io/v1:MutatingAdmissionPolicy";
  expect(graph.find("kubernetes:core/v1:NodePatch", "n05-fluence").retainOnDelete).toBe(true);
  expect(graph.find(policy, "fluence-keep-off").dependsOn).toEqual(marks);
  expect(graph.find("command:local:Command", "fluence-hide").dependsOn).toEqual([
    "fluence-keep-off-binding",
    "fluence-tolerate-binding",
  ]);
  expect(graph.find("command:local:Command", "fluence-gate").dependsOn).toEqual(["fluence-hide"]);
  expect(graph.find("kubernetes:apps/v1:Deployment", "fluence-scheduler").dependsOn).toEqual([
    "fluence-as-scheduler",
    "fluence-as-volume-scheduler",
    "fluence-authentication",
    "fluence-config",
    "fluence-extra-binding",
    "fluence-gate",
  ]);
});

test("the commands get their question as a secret, are quiet, and hiding is taken back when it is deleted", async () => {
  const graph = await build();
  const hide = graph.find("command:local:Command", "fluence-hide");
  expect(hide.inputs.create).toMatch(/turducken\.js' gate --fluence-hide$/);
  expect(hide.inputs.delete).toMatch(/turducken\.js' gate --fluence-hide --off$/);
  expect(JSON.parse(revealed(hide.inputs.stdin) as string)).toEqual({
    kubeconfig: "KUBECONFIG",
    hide: ["cp1", "n05", "n06"],
    show: ["n01", "n02", "n03", "n04"],
    timeoutSeconds: 300,
  });
  const gate = graph.find("command:local:Command", "fluence-gate");
  expect(gate.inputs.create).toMatch(/turducken\.js' gate --fluence$/);
  expect(gate.inputs.delete).toBeUndefined();
  expect(JSON.parse(revealed(gate.inputs.stdin) as string)).toEqual({
    kubeconfig: "KUBECONFIG",
    own: ["n01", "n02", "n03", "n04"],
    restart: { namespace: "fluence-system", name: "fluence", hash: restartHash(contract, config()) },
    timeoutSeconds: 300,
  });
  for (const each of [hide, gate]) {
    expect(each).toMatchObject({ createTimeout: "330s", additionalSecretOutputs: expect.arrayContaining(["stdin"]) as string[] });
    expect(each.inputs).toMatchObject({ logging: "none", addPreviousOutputInEnv: false });
  }
  expect(plainText(graph.resources)).not.toContain("KUBECONFIG");
});
