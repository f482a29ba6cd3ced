import { featureGates, type Scheduler } from "../kubernetes/gates";
import {
  DISTRIBUTIONS,
  KUEUE_LEAST_KUBERNETES,
  MINORS,
  NEEDS_GATES,
  SCHEDULERS,
  versionOf,
  whyNot,
  type KubernetesPlace,
} from "./schedulers";

/** How a user says where the nodes of a job should be. */
export interface PlacementRequest {
  /** `accelerator`, `leaf`, `spine`, `core` or `tier-N`: all nodes in one domain of that tier, or the job waits. */
  readonly within?: string;
  /** The same as a wish: in one domain of that tier if there is room, else of the next one, and so on. */
  readonly preferred?: string;
  /** Nodes in groups of `size`, each group in one domain of tier `within`. */
  readonly slices?: { readonly size: number; readonly within: string };
  /** `leaf`: in as few domains of the nearest tier as there can be. */
  readonly pack?: "leaf";
  /** A domain of the nearest tier by its name: no other is used. */
  readonly leaf?: string;
}

export type PlacementWord = keyof PlacementRequest;
export const PLACEMENT_WORDS: readonly PlacementWord[] = ["within", "preferred", "slices", "pack", "leaf"];

export interface PlacementMeaning {
  readonly supported: boolean;
  /** What the scheduler makes of it, or why it cannot; no full stop. */
  readonly text: string;
}

const yes = (text: string): PlacementMeaning => ({ supported: true, text });
const no = (text: string): PlacementMeaning => ({ supported: false, text });

const SELECTOR = yes("node selector on that leaf's label");

/**
 * What each word becomes with each scheduler that runs.
 *
 * gang: kubernetes/enhancements KEP-5732, `PodGroup.spec.schedulingConstraints.topology` is one key and always hard.
 * kueue: kubernetes-sigs/kueue:apis/kueue/v1beta2/topology_types.go@v0.19.2 and
 * pkg/cache/scheduler/tas_flavor_snapshot.go@v0.19.2 (`findLevelWithFitDomains`; `required` and `preferred` take the fewest domains).
 * fluence: converged-computing/fluence:pkg/cluster/cluster.go@e242622 reads no node label.
 */
const WORDS: Readonly<Record<Scheduler, Readonly<Record<PlacementWord, PlacementMeaning>>>> = {
  gang: {
    within: yes("hard: the PodGroup's topology constraint; waits whole until one domain has room; a change replaces the job"),
    preferred: no("the Kubernetes scheduler's topology constraint of a gang is hard only"),
    slices: no("a PodGroup has one topology constraint for all of its pods"),
    pack: no("the Kubernetes scheduler does not count domains inside the one that a gang is in"),
    leaf: SELECTOR,
  },
  fluence: {
    within: yes("`leaf` only: node selector to one leaf, named or chosen beforehand; Fluence itself knows no topology"),
    preferred: no("Fluence reads no topology labels, so it cannot prefer a domain"),
    slices: no("Fluence reads no topology labels, so it cannot keep groups of pods together"),
    pack: yes("best effort: match policy `lonode` on node names in leaf order; a job can still straddle leaves"),
    leaf: SELECTOR,
  },
  kueue: {
    within: yes("hard: `podset-required-topology`; stays queued until one domain has room"),
    preferred: yes("`podset-preferred-topology`: one domain, else the next tier up, else as few domains as possible"),
    slices: yes("`podset-slice-required-topology` and `podset-slice-size`: each slice hard in one domain"),
    pack: yes("fewest leaves: inside the domain of `within` or `preferred`; alone, `podset-preferred-topology` on the leaf"),
    leaf: SELECTOR,
  },
  default: {
    within: no("the default scheduler places pods one by one, so the first one could fix a domain that has no room for all"),
    preferred: no("the default scheduler places pods one by one and does not weigh domains for a whole job"),
    slices: no("the default scheduler places pods one by one and knows no groups of them"),
    pack: no("the default scheduler places pods one by one and does not count the domains of a job"),
    leaf: SELECTOR,
  },
};

/** What one word means with a scheduler on such a cluster; where the scheduler cannot run, why. */
export function placementMeaning(place: KubernetesPlace, scheduler: Scheduler, word: PlacementWord): PlacementMeaning {
  const reason = whyNot(place, scheduler);
  return reason === undefined ? WORDS[scheduler][word] : no(reason);
}

/** Schedulers that can run there and support a word. */
export function schedulersFor(place: KubernetesPlace, word: PlacementWord): Scheduler[] {
  return SCHEDULERS.filter((scheduler) => placementMeaning(place, scheduler, word).supported);
}

interface TableRow {
  readonly distributions: string[];
  readonly minors: string[];
  /** `runs` and one cell for each word. */
  readonly cells: readonly string[];
}

/** The whole table as Markdown, for the docs. Places that mean the same are one row. */
export function placementTable(): string {
  const words = PLACEMENT_WORDS.map((word) => `\`${word === "pack" ? "pack: leaf" : word}\``);
  const titles = ["scheduler", "distribution", "Kubernetes", "runs", ...words];
  const lines = SCHEDULERS.flatMap((scheduler) =>
    rowsOf(scheduler).map(({ distributions, minors, cells }) =>
      line([`\`${scheduler}\``, distributions.join(", "), versionWords(scheduler, minors), ...cells]),
    ),
  );
  return `${[line(titles), `|${"---|".repeat(titles.length)}`, ...lines].join("\n")}\n`;
}

/** One row for each distribution and set of versions with equal cells; then distributions with equal rows are one. */
function rowsOf(scheduler: Scheduler): TableRow[] {
  const rows: TableRow[] = [];
  for (const distribution of DISTRIBUTIONS) {
    const own: TableRow[] = [];
    for (const minor of MINORS) {
      const cells = cellsOf(scheduler, { version: versionOf(minor), distribution, gangs: minor !== "other" });
      const same = own.find((each) => equal(each.cells, cells));
      if (same) same.minors.push(minor);
      else own.push({ distributions: [distribution], minors: [minor], cells });
    }
    for (const row of own) {
      const same = rows.find((each) => equal(each.cells, row.cells) && equal(each.minors, row.minors));
      if (same) same.distributions.push(distribution);
      else rows.push(row);
    }
  }
  return rows;
}

function cellsOf(scheduler: Scheduler, place: KubernetesPlace): string[] {
  const reason = whyNot(place, scheduler);
  if (reason !== undefined) return [`no: ${reason.replace(/, not \d+\.\d+$/, "")}`, ...PLACEMENT_WORDS.map(() => "–")];
  const api = NEEDS_GATES.includes(scheduler) ? featureGates(place.version, true).gangApi : undefined;
  const runs = api === undefined ? "yes" : `yes, with \`kubernetes.gangs: true\` (${api})`;
  const meanings = PLACEMENT_WORDS.map((word) => WORDS[scheduler][word]);
  return [runs, ...meanings.map(({ supported, text }) => (supported ? text : `no: ${text}`))];
}

function versionWords(scheduler: Scheduler, minors: readonly string[]): string {
  if (minors.length < MINORS.length) return minors.join(", ");
  return scheduler === "kueue" ? `${KUEUE_LEAST_KUBERNETES} and newer` : "any";
}

const equal = (a: readonly string[], b: readonly string[]) => JSON.stringify(a) === JSON.stringify(b);

function line(cells: readonly string[]): string {
  return `| ${cells.map((each) => each.replaceAll("|", "\\|")).join(" | ")} |`;
}
