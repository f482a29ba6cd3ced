/** What `turducken hardware` does with its arguments. */
import { renderProblems } from "../../components/config/problems";
import { catalogue, findMachineType } from "../../hardware/catalogue";
import type { HardwareProblem } from "../../hardware/problem";
import { writeError, writeOut, writeWarnings } from "../topology/output";
import type { ListOptions, ShowOptions } from "./command";
import { describeType, gbpsOf } from "./describe";
import { listText, showText } from "./show";

/** @returns 0 listed, 1 no machine type is like that */
export function listHardware({ provider, fabric, json }: ListOptions): number {
  const all = catalogue();
  const types = all.filter(
    (type) => (provider === undefined || type.provider === provider) && (fabric === undefined || type.fabric.kind === fabric),
  );
  if (json)
    writeOut(
      `${JSON.stringify(
        types.map((type) => ({ ...type, gbps: gbpsOf(type) })),
        undefined,
        2,
      )}\n`,
    );
  else if (types.length > 0) writeOut(listText(types));
  if (types.length > 0) return 0;
  const kinds = [
    ...new Set(all.filter((type) => provider === undefined || type.provider === provider).map((type) => type.fabric.kind)),
  ];
  fail("hardware list", [
    {
      path: "--fabric",
      value: fabric,
      message: `No machine type${provider === undefined ? "" : ` of ${provider}`} has this fabric.`,
      allowed: kinds.sort().join(", "),
      fix: "Choose one of these.",
    },
  ]);
  return 1;
}

/** @returns 0 shown, 1 there is no such type, or the layout cannot be on it */
export function showHardware(name: string, { layout, json }: ShowOptions): number {
  const { type, nearest } = findMachineType(name);
  if (!type) {
    fail("hardware show", [
      {
        path: "type",
        value: name,
        message: "There is no machine type of this name.",
        allowed: `nearest: ${nearest.join(", ")}`,
        fix: "Use one of these, or see `turducken hardware list`.",
      },
    ]);
    return 1;
  }
  const { description, problems } = describeType(type, layout);
  writeWarnings(description.warnings);
  if (problems.length > 0) {
    fail(name, problems);
    return 1;
  }
  writeOut(json ? `${JSON.stringify(description, undefined, 2)}\n` : showText(description));
  return 0;
}

function fail(subject: string, problems: readonly HardwareProblem[]): void {
  writeError(`${renderProblems(subject, problems)}\n`);
}
