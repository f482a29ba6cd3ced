import type { PolicyResource } from "@pulumi/policy";
import { graphFrom } from "../../../policies/graph";
import { policies } from "../../../policies";

const urn = (type: string, name: string) => `urn:pulumi:prod::turducken::${type}::${name}`;
const provider = { urn: `${urn("pulumi:providers:kubernetes", "kubernetes")}` };

function resource(type: string, name: string, props: object, more: object = {}): PolicyResource {
  const opts = { protect: false, ignoreChanges: [], aliases: [], customTimeouts: {}, additionalSecretOutputs: [] };
  return {
    type,
    name,
    urn: urn(type, name),
    props,
    opts,
    dependencies: [],
    propertyDependencies: {},
    ...more,
  } as unknown as PolicyResource;
}

test("a stack as Pulumi's policy engine gives it is judged by the same rules", () => {
  const host = resource("turducken:hosts:Host", "n01", {});
  const graph = graphFrom({
    resources: [
      host,
      resource(
        "command:remote:Command",
        "n01-host",
        { connection: { host: "h" }, logging: "none", addPreviousOutputInEnv: false },
        { parent: host },
      ),
      resource("kubernetes:core/v1:Namespace", "work", {}, { provider }),
      resource("kubernetes:core/v1:Namespace", "lost", {}),
    ],
  });
  expect(graph).toMatchObject({ project: "turducken", stack: "prod" });
  const findings = policies.filter(({ seesSecrets }) => !seesSecrets).flatMap((rule) => rule.check(graph));
  expect(findings.map(({ policy, urn: at }) => [policy, at?.split("::").at(-1)])).toEqual([
    ["host-keys-pinned", "n01-host"],
    ["explicit-providers", "lost"],
  ]);
});

test("rules that tell secrets from plain values are left to plan, which knows", () => {
  expect(policies.filter(({ seesSecrets }) => seesSecrets).map(({ id }) => id)).toEqual(["no-plain-secrets"]);
});
