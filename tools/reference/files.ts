/** Files that are generated from the schemas, and whether those that lie there are them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { miniClusterReference } from "../../components/flux-operator";
import { placementTable } from "../../components/placement";
import { pictureMarkdown } from "./picture";
import { programSchemas, stackFileSchema } from "./schemas";
import { referenceMarkdown } from "./table";

export type Section = "reference" | "picture";

export interface GeneratedFile {
  /** Relative to the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** What should be there. @throws Error when the README lacks its markers */
export function generatedFiles(root: string): GeneratedFile[] {
  const schemas = programSchemas.map((each) => ({
    path: `stacks/${each.program}.schema.json`,
    text: `${JSON.stringify(stackFileSchema(each), undefined, 2)}\n`,
  }));
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const drawn = withSection(readme, "picture", pictureMarkdown(root));
  return [
    ...schemas,
    { path: "README.md", text: withSection(drawn, "reference", referenceMarkdown()) },
    { path: "docs/placement.md", text: placementMarkdown() },
    { path: "docs/minicluster.md", text: miniClusterMarkdown() },
  ];
}

function placementMarkdown(): string {
  return `# Where a job goes

What each placement word of a gang or MiniCluster means, by scheduler and cluster. Generated from \`components/placement/table.ts\`, by which the same words
are refused where they mean nothing.

${placementTable().trimEnd()}
`;
}

function miniClusterMarkdown(): string {
  return `# MiniCluster v1alpha2

Every field of the Flux Operator's object, as \`components/flux-operator/model\` describes it: the CRD, the TypeScript type and the checks come from the same
description. Workload stacks write less: see \`miniClusters\` in the README.

${miniClusterReference().trimEnd()}
`;
}

/** The README with a generated section between its markers. */
export function withSection(readme: string, section: Section, text: string): string {
  const [first, last] = [`<!-- ${section}:begin -->`, `<!-- ${section}:end -->`];
  const begin = readme.indexOf(first);
  const end = readme.indexOf(last);
  if (begin < 0 || end < begin) throw new Error(`README.md needs the lines ${first} and ${last}, in this order`);
  return `${readme.slice(0, begin + first.length)}\n\n${text}\n${readme.slice(end)}`;
}

/** Paths of the files that are not what they should be. */
export function staleFiles(root: string): string[] {
  return generatedFiles(root)
    .filter(({ path, text }) => !existsSync(join(root, path)) || readFileSync(join(root, path), "utf8") !== text)
    .map(({ path }) => path);
}

/** Writes what is stale; returns those paths. */
export function writeStale(root: string): string[] {
  const stale = staleFiles(root);
  for (const { path, text } of generatedFiles(root)) if (stale.includes(path)) writeFileSync(join(root, path), text);
  return stale;
}
