import type { HardwareProblem } from "../../problem";

/** So many of one kind are reported one by one. */
const ONE_BY_ONE = 20;

/**
 * The same reports, but of many that differ only in names and numbers the first twenty and one for the rest, whose value
 * lists what the rest is about: half a text is thousands of cables without their other end.
 */
export function condense(reports: readonly HardwareProblem[]): HardwareProblem[] {
  const kinds = new Map<string, HardwareProblem[]>();
  for (const report of reports) {
    const kind = report.message.replace(/"(?:[^"\\]|\\.)*"|\b[0-9a-f]{16}\b|\d+/g, "");
    const known = kinds.get(kind);
    if (known) known.push(report);
    else kinds.set(kind, [report]);
  }
  const kept = new Set<HardwareProblem>();
  const rest = new Map<HardwareProblem, HardwareProblem>();
  for (const alike of kinds.values()) {
    const single = alike.length === ONE_BY_ONE + 1 ? alike.length : ONE_BY_ONE;
    for (const report of alike.slice(0, single)) kept.add(report);
    const more = alike.slice(single);
    const [first] = more;
    if (!first) continue;
    rest.set(first, {
      ...first,
      value: [...new Set(more.map(({ value }) => String(value)))].join(", "),
      message: `${more.length} more of this kind, the first of them: ${first.message}`,
    });
  }
  return reports.flatMap((report) => (kept.has(report) ? [report] : (rest.get(report) ?? [])));
}
