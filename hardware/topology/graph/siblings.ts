/** Things that hang under the same switches, although some of their links may be lost. */
export interface Siblings {
  /** Which things, ascending. */
  readonly members: readonly number[];
  /** The switches that the group as a whole hangs under, ascending; a member may lack some or have one of another group. */
  readonly parents: readonly number[];
}

interface Kind {
  readonly parents: readonly number[];
  readonly members: number[];
}

interface Group {
  readonly members: number[];
  /** How many parents the kind had that founded the group. */
  readonly founding: number;
}

/**
 * Groups things by the set of switches they hang under. Equal sets are one group. A set is put to a group that exists
 * when it is what lost or stray links make of that group's set: a subset, a superset, or the same for more than half.
 * What has most links decides first, so that one wrong cable cannot join two groups. Linear in the links; the order of
 * the input does not matter beyond the numbers that things and switches have.
 *
 * @param sets per thing its switches, ascending and each once; things with none are in no group
 */
export function groupSiblings(sets: readonly (readonly number[])[]): Siblings[] {
  const owner = new Map<number, number>();
  const groups: Group[] = [];
  for (const kind of kindsOf(sets)) {
    let index = groupFor(kind, owner, groups);
    if (index === undefined) {
      index = groups.length;
      groups.push({ members: [], founding: kind.parents.length });
    }
    for (const member of kind.members) groups[index]!.members.push(member);
    for (const parent of kind.parents) if (!owner.has(parent)) owner.set(parent, index);
  }
  return withParents(groups, sets);
}

/** Things with equal sets, those with most links first. */
function kindsOf(sets: readonly (readonly number[])[]): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const [member, parents] of sets.entries()) {
    if (parents.length === 0) continue;
    const key = parents.join(",");
    const kind = kinds.get(key);
    if (kind) kind.members.push(member);
    else kinds.set(key, { parents, members: [member] });
  }
  return [...kinds.values()].sort(
    (a, b) =>
      b.members.length * b.parents.length - a.members.length * a.parents.length ||
      b.members.length - a.members.length ||
      compareNumbers(a.parents, b.parents),
  );
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (const [index, number] of a.entries()) {
    const difference = number - (b[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The group that a set belongs to although it is not equal, or undefined when it is a group of its own. */
function groupFor({ parents }: Kind, owner: ReadonlyMap<number, number>, groups: readonly Group[]): number | undefined {
  const shared = new Map<number, number>();
  let free = 0;
  for (const parent of parents) {
    const group = owner.get(parent);
    if (group === undefined) free++;
    else shared.set(group, (shared.get(group) ?? 0) + 1);
  }
  let best: number | undefined;
  for (const [group, count] of shared) {
    const before = best === undefined ? 0 : shared.get(best)!;
    if (count > before || (count === before && group < best!)) best = group;
  }
  if (best === undefined) return undefined;
  const common = shared.get(best)!;
  const foreign = parents.length - free - common;
  const subset = common === parents.length;
  const superset = foreign === 0 && common === groups[best]!.founding;
  return subset || superset || common * 2 > parents.length ? best : undefined;
}

/**
 * The parents of each group: those where it has more links than any other group, and those that more than half of it have.
 * A parent that only one of three or more members has is a stray cable.
 */
function withParents(groups: readonly Group[], sets: readonly (readonly number[])[]): Siblings[] {
  const counts = groups.map(({ members }) => {
    const count = new Map<number, number>();
    for (const member of members) for (const parent of sets[member]!) count.set(parent, (count.get(parent) ?? 0) + 1);
    return count;
  });
  const home = new Map<number, number>();
  for (const [group, count] of counts.entries()) {
    for (const [parent, links] of count) {
      const other = home.get(parent);
      if (other === undefined || links > counts[other]!.get(parent)!) home.set(parent, group);
    }
  }
  return groups.map(({ members }, group) => {
    const least = members.length > 2 ? 2 : 1;
    const parents = [...counts[group]!]
      .filter(([parent, links]) => (home.get(parent) === group && links >= least) || links * 2 > members.length)
      .map(([parent]) => parent);
    return { members: members.sort((a, b) => a - b), parents: parents.sort((a, b) => a - b) };
  });
}
