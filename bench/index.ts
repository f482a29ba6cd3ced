/** `make bench`: figures as ratios measured in one run. Arguments choose parts, e.g. `make bench ARGS=plan`. */
import { benchPlan } from "./plan";
import { benchHosts } from "./hosts";
import { benchKubernetesHosts } from "./kubernetes-hosts";
import { benchGangs } from "./gangs";
import { benchRehearse } from "./rehearse";
import { benchTopology } from "./topology";

const parts: Record<string, () => Promise<void>> = {
  plan: benchPlan,
  hosts: benchHosts,
  "kubernetes-hosts": benchKubernetesHosts,
  topology: benchTopology,
  gangs: benchGangs,
  rehearse: benchRehearse,
};

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((each) => !parts[each]);
  if (unknown.length) throw new Error(`there is no benchmark ${unknown.join(", ")}; there are: ${Object.keys(parts).join(", ")}`);
  for (const part of wanted.length ? wanted : Object.keys(parts)) {
    console.log(`\n${part}`);
    await parts[part]!();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
