/** The README's picture of the example's network, drawn by the function that `plan` draws with. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { drawTree } from "../../hardware";
import { parseCluster } from "../../stacks/config";

/** @throws ConfigError when the example is wrong */
export function pictureMarkdown(root: string): string {
  const { config } = parse(readFileSync(join(root, "stacks/Pulumi.bare-metal.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  const { tree } = parseCluster(config["turducken:cluster"], { keys: { secret: ["sshPrivateKey"], plain: [] } });
  return ["```", drawTree(tree), "```", ""].join("\n");
}
