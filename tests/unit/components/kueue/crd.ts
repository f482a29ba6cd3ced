/**
 * What the API server and Kueue's webhooks ask of the objects that we make, by hand from
 * kubernetes-sigs/kueue@8eab68778fc1b52affe165fdf5af29d1e9b4f3cb (v0.19.2):
 * apis/kueue/v1beta2/{topology,resourceflavor,clusterqueue,localqueue}_types.go, pkg/webhooks/{clusterqueue,resourceflavor}_webhook.go.
 */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LEVEL = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/;
const LABEL_NAME = /^([a-z0-9.-]{1,253}\/)?([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const QUANTITY = /^(\d+(\.\d+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/;
const HOSTNAME = "kubernetes.io/hostname";

interface KueueObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: unknown;
}
type Spec<T> = { readonly spec: T };
type Toleration = { key?: string; operator?: string; value?: string; effect?: string };
interface FlavorSpec {
  readonly nodeLabels?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly topologyName?: string;
}
interface QueueSpec {
  readonly namespaceSelector?: unknown;
  readonly resourceGroups: readonly {
    readonly coveredResources: readonly string[];
    readonly flavors: readonly {
      readonly name: string;
      readonly resources: readonly { readonly name: string; readonly nominalQuota: string }[];
    }[];
  }[];
}

/** Every rule that an object breaks; with `before`, also the rules about changes. */
export function crdProblems(object: KueueObject, before?: KueueObject): string[] {
  const problems = rules(
    [object.apiVersion === "kueue.x-k8s.io/v1beta2", "apiVersion"],
    [NAME.test(object.metadata.name) && object.metadata.name.length <= 253, "metadata.name"],
    [(object.kind === "LocalQueue") === (object.metadata.namespace !== undefined), "metadata.namespace: only LocalQueue has one"],
  );
  switch (object.kind) {
    case "Topology":
      return [...problems, ...topology(object as KueueObject & Spec<{ levels: { nodeLabel: string }[] }>, before)];
    case "ResourceFlavor":
      return [...problems, ...flavor(object.spec as FlavorSpec, before?.spec as FlavorSpec | undefined)];
    case "ClusterQueue":
      return [...problems, ...queue(object.spec as QueueSpec)];
    case "LocalQueue": {
      const { clusterQueue } = object.spec as { clusterQueue: string };
      const same = before === undefined || (before.spec as { clusterQueue: string }).clusterQueue === clusterQueue;
      return [...problems, ...rules([NAME.test(clusterQueue), "clusterQueue"], [same, "clusterQueue: field is immutable"])];
    }
    default:
      return [...problems, `kind ${object.kind}`];
  }
}

function topology({ spec }: Spec<{ levels: { nodeLabel: string }[] }>, before?: KueueObject): string[] {
  const labels = spec.levels.map(({ nodeLabel }) => nodeLabel);
  const host = labels.indexOf(HOSTNAME);
  return rules(
    [labels.length >= 1 && labels.length <= 16, "levels: 1 to 16"],
    [new Set(labels).size === labels.length, "levels: must be unique"],
    [host < 0 || host === labels.length - 1, "levels: the kubernetes.io/hostname label can only be used at the lowest level"],
    [labels.every((each) => LEVEL.test(each) && each.length <= 316), "levels: nodeLabel"],
    [before === undefined || JSON.stringify(before.spec) === JSON.stringify(spec), "levels: field is immutable"],
  );
}

function flavor(spec: FlavorSpec, before?: FlavorSpec): string[] {
  const labels = Object.entries(spec.nodeLabels ?? {});
  const tolerations = spec.tolerations ?? [];
  const frozen = before?.topologyName !== undefined;
  const kept = (field: keyof FlavorSpec) => !frozen || JSON.stringify(before[field]) === JSON.stringify(spec[field]);
  return rules(
    [spec.topologyName === undefined || labels.length >= 1, "at least one nodeLabel is required when topology is set"],
    [labels.length <= 8, "nodeLabels: up to 8"],
    [labels.every(([key, value]) => LABEL_NAME.test(key) && LABEL_VALUE.test(value)), "nodeLabels"],
    [tolerations.length <= 8, "tolerations: up to 8"],
    [tolerations.every((each) => each.operator !== "Exists" || each.value === undefined), "tolerations: a value with Exists"],
    [tolerations.every((each) => each.key !== undefined || each.operator === "Exists"), "tolerations: no key without Exists"],
    [tolerations.every((each) => [undefined, "Equal", "Exists"].includes(each.operator)), "tolerations: operator"],
    [spec.topologyName === undefined || NAME.test(spec.topologyName), "topologyName"],
    [kept("nodeLabels"), "nodeLabels are immutable when topologyName is set"],
    [kept("tolerations"), "tolerations are immutable when topologyName is set"],
    [kept("topologyName"), "topologyName is immutable when topologyName is set"],
  );
}

function queue({ resourceGroups, namespaceSelector }: QueueSpec): string[] {
  const flavors = resourceGroups.flatMap((group) => group.flavors.map(({ name }) => name));
  const resources = resourceGroups.flatMap((group) => group.coveredResources);
  return [
    ...rules(
      [namespaceSelector !== undefined, "namespaceSelector: null selects no namespace"],
      [resourceGroups.length <= 16, "resourceGroups: up to 16"],
      [flavors.length <= 256 && new Set(flavors).size === flavors.length, "flavors: up to 256, each in one group"],
      [resources.length <= 256 && new Set(resources).size === resources.length, "coveredResources: up to 256, each in one group"],
      [flavors.every((name) => NAME.test(name)), "flavors: name"],
      [resources.every((name) => LABEL_NAME.test(name)), "coveredResources: name"],
    ),
    ...resourceGroups.flatMap(({ coveredResources, flavors: own }) =>
      rules(
        [coveredResources.length >= 1 && coveredResources.length <= 64, "coveredResources: 1 to 64"],
        [own.length >= 1 && own.length <= 64, "flavors: 1 to 64"],
        [own.length * coveredResources.length <= 512, "resourceGroups: up to 512 combinations"],
        [
          own.every(({ resources: each }) => each.length === coveredResources.length),
          "flavors must have the same number of resources as the coveredResources",
        ],
        [
          own.every(({ resources: each }) => each.every(({ name }, index) => name === coveredResources[index])),
          "flavors: must match the name in coveredResources",
        ],
        [own.every(({ resources: each }) => each.every(({ nominalQuota }) => QUANTITY.test(nominalQuota))), "nominalQuota"],
      ),
    ),
  ];
}

function rules(...pairs: readonly (readonly [boolean, string])[]): string[] {
  return pairs.flatMap(([holds, name]) => (holds ? [] : [name]));
}
