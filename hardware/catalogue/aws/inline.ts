/** EC2 types that the catalogue lacks, with facts given by the user. */
import type { HardwareProblem } from "../../problem";
import { ACCELERATOR_RESOURCES, type Accelerators, type AwsMachineType } from "../../types";
import { ACCELERATOR_FIELDS, checkFields, isCount, isObject, isPositive, MACHINE_FIELDS, oneOf, problem } from "../fields";
import type { Field, Raw } from "../fields";
import { defaultLayout, EFA_HUGE_PAGES, tiersOf } from "./additions";
import type { AwsFacts, AwsPlacement, AwsUsage, EfaLayout, NetworkCard } from "./facts";

const USAGE: readonly AwsUsage[] = ["on-demand", "spot", "capacity-block"];
const PLACEMENT: readonly AwsPlacement[] = ["cluster", "partition", "spread"];
/** More cards than any machine has; a slip of the keyboard should not make a list of millions. */
const MOST_CARDS = 128;

const isListOf = (ok: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(ok) && new Set(value).size === value.length;
const subsetOf = (choices: readonly string[]): Field => ({
  allowed: `a list of ${choices.join(", ")}`,
  ok: isListOf((one) => choices.some((choice) => choice === one)),
});
const isCards = (value: unknown) => isCount(1)(value) && (value as number) <= MOST_CARDS;

const TYPE_FIELDS: Readonly<Record<string, Field>> = {
  provider: oneOf("aws"),
  ...MACHINE_FIELDS,
  accelerators: { allowed: "an object with vendor, product, count, resource", ok: isObject },
  fabric: { required: true, allowed: "an object with kind and rateGbps", ok: isObject },
  hugePages2Mi: { allowed: "a whole number from 0: huge pages of 2 MiB", ok: isCount(0) },
  aws: { required: true, allowed: "an object with networkCards, ipv4PerInterface and what else is known", ok: isObject },
};

const FABRIC_FIELDS: Readonly<Record<string, Field>> = {
  kind: { required: true, ...oneOf("efa", "ethernet") },
  rateGbps: { required: true, allowed: "a number above 0: Gbit/s of one card", ok: isPositive },
};

const AWS_FIELDS: Readonly<Record<string, Field>> = {
  networkCards: {
    required: true,
    allowed: "a list with at least one entry in card order, e.g. [{interfaces: 4, efa: false}, {interfaces: 4, count: 16}]",
    ok: (value) => Array.isArray(value) && value.length > 0,
  },
  ipv4PerInterface: { required: true, allowed: "a whole number from 2: IPv4 addresses of one interface", ok: isCount(2) },
  networkGbps: { allowed: "a number above 0: Gbit/s of the whole machine", ok: isPositive },
  usage: subsetOf(USAGE),
  placement: subsetOf(PLACEMENT),
  topologyLayers: oneOf(0, 3, 4),
  layout: oneOf("primary", "dedicated"),
  zones: {
    allowed: "a list of zone ids, e.g. [use1-az6]",
    ok: isListOf((id) => typeof id === "string" && /^[a-z]{2,5}\d-[a-z0-9-]*az\d+$/.test(id)),
  },
  localDisksGB: { allowed: "a list with the GB of each disk", ok: (value) => Array.isArray(value) && value.every(isPositive) },
  metal: oneOf(true, false),
};

const CARD_FIELDS: Readonly<Record<string, Field>> = {
  interfaces: { required: true, allowed: "a whole number from 1: network interfaces that fit on the card", ok: isCount(1) },
  efa: oneOf(true, false),
  count: { allowed: `a whole number from 1 to ${MOST_CARDS}: so many cards alike`, ok: isCards },
};

/**
 * Everything that is wrong with one type of `provider: aws`. What it may have, and what stands where nothing is given:
 *
 * - `arch` (amd64), `cores`, `threadsPerCore` (1), `memoryGiB`
 * - `accelerators` (none): `vendor` nvidia, amd, aws or habana, `product`, `count`, `resource` (that of the vendor)
 * - `fabric`: `kind` efa or ethernet (a type without EFA), `rateGbps` of one card
 * - `hugePages2Mi`: those of the EFA installer with EFA, 0 without
 * - `aws.networkCards`: in card order, each entry `interfaces`, `efa` (true with EFA, else false), `count` of cards alike (1)
 * - `aws.ipv4PerInterface`; `aws.networkGbps` (rateGbps of all cards); `aws.localDisksGB` (none)
 * - `aws.usage` (on-demand), `aws.placement` (cluster, partition, spread), `aws.zones` (not looked up)
 * - `aws.topologyLayers` (0: DescribeInstanceTopology does not know it), which decides the tiers
 * - `aws.layout` (as for types of the catalogue), `aws.metal` (from the name)
 */
export function checkInlineAws(name: string, value: Raw, path: string): HardwareProblem[] {
  const problems = checkFields(value, TYPE_FIELDS, path);
  if (!/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(name)) {
    const fix = "Rename the type as EC2 does.";
    problems.unshift(problem(path, name, "The name is that of no EC2 type.", "family.size, e.g. hpc7g.16xlarge", fix));
  }
  if (isObject(value.accelerators)) {
    const { resource, ...others } = ACCELERATOR_FIELDS;
    const vendor: Field = { required: true, ...oneOf("nvidia", "amd", "aws", "habana") };
    const fields = { ...others, vendor, resource: { ...resource!, required: false } };
    problems.push(...checkFields(value.accelerators, fields, `${path}.accelerators`));
  }
  if (isObject(value.fabric)) problems.push(...checkFields(value.fabric, FABRIC_FIELDS, `${path}.fabric`));
  if (isObject(value.aws)) problems.push(...checkFields(value.aws, AWS_FIELDS, `${path}.aws`), ...checkCards(value.aws, path));
  return problems.length > 0 ? problems : contradictions(name, value, path);
}

function checkCards(aws: Raw, path: string): HardwareProblem[] {
  if (!Array.isArray(aws.networkCards)) return [];
  const at = `${path}.aws.networkCards`;
  const problems = aws.networkCards.flatMap((card: unknown, index) =>
    isObject(card)
      ? checkFields(card, CARD_FIELDS, `${at}[${index}]`)
      : [problem(`${at}[${index}]`, card, "A card is an object.", "interfaces, efa, count", "Write it as {interfaces: 4}.")],
  );
  const cards = aws.networkCards.reduce((sum: number, card: unknown) => sum + (isObject(card) ? Number(card.count ?? 1) : 1), 0);
  if (problems.length > 0 || cards <= MOST_CARDS) return problems;
  return [problem(at, cards, "There are more network cards than a machine has.", `at most ${MOST_CARDS}`, "Correct count.")];
}

/** What does not go together in a type whose fields are right. */
function contradictions(name: string, value: Raw, path: string): HardwareProblem[] {
  const { fabric, aws, hugePages2Mi, memoryGiB } = completedInlineAws(name, value);
  const [first] = aws.networkCards;
  const withEfa = aws.networkCards.some(({ efa }) => efa);
  const problems: HardwareProblem[] = [];
  const add = (field: string, wrong: unknown, message: string, fix: string) =>
    problems.push(problem(`${path}.${field}`, wrong, message, undefined, fix));
  if (fabric.kind === "efa" && !withEfa) add("aws.networkCards", undefined, "No card carries EFA.", "Give fabric.kind ethernet.");
  if (fabric.kind !== "efa" && withEfa) {
    add(
      "aws.networkCards",
      undefined,
      "A card carries EFA, but the fabric is ethernet.",
      "Give fabric.kind efa, or leave efa out.",
    );
  }
  if (fabric.kind === "efa" && withEfa && aws.layout === "primary" && !first!.efa) {
    add("aws.layout", "primary", "Card 0 carries no EFA, and the primary interface is on card 0.", "Use dedicated.");
  }
  if (fabric.kind === "efa" && aws.layout === "dedicated" && first!.efa && first!.interfaces < 2) {
    add("aws.layout", "dedicated", "One interface fits on card 0, and the layout puts two there.", "Use primary.");
  }
  if (hugePages2Mi * 2 >= memoryGiB * 1024) {
    add("hugePages2Mi", hugePages2Mi, "The huge pages take all memory.", "Give hugePages2Mi as it is on your nodes.");
  }
  return problems;
}

/** A checked type with every default filled in. */
export function completedInlineAws(name: string, value: Raw): AwsMachineType {
  const fabric = value.fabric as { kind: "efa" | "ethernet"; rateGbps: number };
  const given = value.aws as Raw;
  const efa = fabric.kind === "efa";
  const cards = completedCards(given.networkCards as Raw[], efa);
  const disks = (given.localDisksGB as number[] | undefined) ?? [];
  const layers = (given.topologyLayers as AwsFacts["topologyLayers"] | undefined) ?? 0;
  const { rateGbps } = fabric;
  const interfaces = cards.filter((card) => card.efa).length;
  return {
    name,
    provider: "aws",
    arch: (value.arch as AwsMachineType["arch"] | undefined) ?? "amd64",
    cores: value.cores as number,
    threadsPerCore: (value.threadsPerCore as 1 | 2 | undefined) ?? 1,
    memoryGiB: value.memoryGiB as number,
    ...(value.accelerators === undefined ? {} : { accelerators: completedAccelerators(value.accelerators as Raw) }),
    fabric: efa ? { kind: "efa", interfaces, networkCards: cards.length, rateGbps } : { kind: "ethernet", rateGbps },
    localDisks: disks.length,
    topologyTiers: tiersOf(layers),
    hugePages2Mi: (value.hugePages2Mi as number | undefined) ?? (efa ? EFA_HUGE_PAGES : 0),
    verified: true,
    source: "user",
    aws: {
      networkCards: cards,
      networkGbps: (given.networkGbps as number | undefined) ?? rateGbps * cards.length,
      ipv4PerInterface: given.ipv4PerInterface as number,
      usage: (given.usage as AwsUsage[] | undefined) ?? ["on-demand"],
      placement: (given.placement as AwsPlacement[] | undefined) ?? PLACEMENT,
      topologyLayers: layers,
      layout: (given.layout as EfaLayout | undefined) ?? defaultLayout(name, cards),
      ...(given.zones === undefined ? {} : { zones: given.zones as string[] }),
      localDisksGB: disks,
      metal: (given.metal as boolean | undefined) ?? /\.metal/.test(name),
      currentGeneration: true,
    },
  };
}

function completedCards(cards: readonly Raw[], efa: boolean): NetworkCard[] {
  return cards.flatMap((card) =>
    Array.from({ length: (card.count as number | undefined) ?? 1 }, () => ({
      interfaces: card.interfaces as number,
      efa: (card.efa as boolean | undefined) ?? efa,
    })),
  );
}

function completedAccelerators({ vendor, product, count, resource }: Raw): Accelerators {
  const maker = vendor as Accelerators["vendor"];
  return {
    vendor: maker,
    product: product as string,
    count: count as number,
    resource: (resource as string | undefined) ?? ACCELERATOR_RESOURCES[maker],
  };
}
