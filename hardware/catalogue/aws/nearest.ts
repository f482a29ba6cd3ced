import { editDistance } from "../../nearest";

/** Sizes in units of an `xlarge`; 0 for what has no size in its name. */
function sizeOf(size: string): number {
  const small: Readonly<Record<string, number>> = { medium: 0.25, large: 0.5, xlarge: 1 };
  const number = /^(?:metal-)?(\d+)/.exec(size);
  return small[size] ?? (number ? Number(number[1]) : 0);
}

/** How unlike two sizes are: `48` and `48xlarge` hardly, `large` and `4xlarge` less than `large` and `16xlarge`. */
function sizeDistance(wanted: string, known: string): number {
  if (wanted === known) return 0;
  const [a, b] = [sizeOf(wanted), sizeOf(known)];
  const spelling = Math.min(editDistance(wanted, known), 9) / 100;
  if (known.startsWith("metal") !== wanted.startsWith("metal")) return 4 + spelling;
  return a === 0 || b === 0 ? 2 + spelling : Math.min(3, Math.abs(Math.log2(a / b))) + spelling;
}

/**
 * The EC2 types of the catalogue that are most like a name, best first: first the sizes of the family that was named
 * (`hpc7g.large` finds hpc7g.4xlarge), then the same size of families that are spelled alike (`p5x.48xlarge`). Empty when
 * no family is alike.
 */
export function nearestAwsNames(name: string, known: readonly string[], limit = 3): string[] {
  const [family = "", size = ""] = split(name.toLowerCase());
  const scored = known.flatMap((candidate) => {
    const [otherFamily, otherSize] = split(candidate);
    const apart = familyDistance(family, otherFamily);
    if (apart > Math.max(2, Math.floor(family.length / 4))) return [];
    return [{ candidate, score: apart * 10 + (size === "" ? -sizeOf(otherSize) / 1000 : sizeDistance(size, otherSize)) }];
  });
  scored.sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1));
  return scored.slice(0, limit).map(({ candidate }) => candidate);
}

/** Family and size; also of `p5-48xlarge` and `p548xlarge`, written without the dot. */
function split(name: string): [string, string] {
  const dot = name.indexOf(".");
  if (dot >= 0) return [name.slice(0, dot), name.slice(dot + 1)];
  const undotted = /^(.*?\d[a-z]*?)[-_ ]?(\d*x?large|metal.*)$/.exec(name);
  return undotted ? [undotted[1]!, undotted[2]!] : [name, ""];
}

/** Edit distance, but the generation and the class count double: p5 is nearer to p5e than to p4; p6 is half of p6-b200. */
function familyDistance(wanted: string, known: string): number {
  if (wanted === known) return 0;
  if (known.startsWith(`${wanted}-`)) return 1;
  const [letters] = /^[a-z]*/.exec(wanted)!;
  const [knownLetters] = /^[a-z]*/.exec(known)!;
  const generation = (family: string) => /\d+/.exec(family)?.[0];
  const extra = generation(wanted) === generation(known) ? 0 : 1;
  return editDistance(wanted, known) + extra + (letters === knownLetters ? 0 : 1);
}
