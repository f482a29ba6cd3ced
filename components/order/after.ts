import * as pulumi from "@pulumi/pulumi";

/**
 * Options by which a component and everything in it waits for others. The SDK holds nobody back by a component's own
 * `dependsOn`: seen in the graph, its children are registered without it (@pulumi/pulumi 3.248.0).
 *
 * @param resources what comes first; of a component, all of its children
 */
export function after(...resources: readonly pulumi.Resource[]): pulumi.ComponentResourceOptions {
  const dependsOn = [...resources];
  return {
    dependsOn,
    transformations: [({ props, opts }) => ({ props, opts: pulumi.mergeOptions(opts, { dependsOn }) })],
  };
}
