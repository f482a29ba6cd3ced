/** One condition on an object: a path that must select something, equal to `value` when given. */
export interface JsonPathCondition {
  readonly path: string;
  readonly value?: string;
  readonly steps: readonly Step[];
}

type Step =
  | { kind: "key"; key: string }
  | { kind: "index"; index: number }
  | { kind: "all" }
  | { kind: "filter"; steps: readonly Step[]; equals?: string };

/**
 * Parses `jsonpath={.a.b[0]['c']}` or `jsonpath={.status.conditions[?(@.type=="Ready")].status}=True`, the strict kubectl
 * form that pulumi.com/waitFor takes (pulumi-kubernetes provider/pkg/jsonpath). Of filters only existence and `==`.
 * @throws Error saying what is wrong with the expression
 */
export function parseJsonPath(text: string): JsonPathCondition {
  const match = /^jsonpath=\{\s*(.*?)\s*\}(?:=(.*))?$/s.exec(text);
  if (!match) throw new Error(`"${text}" should be jsonpath={.path} or jsonpath={.path}=value`);
  const [, path = "", value] = match;
  if (value === "") throw new Error(`"${text}" requires a value after =`);
  return { path: `{${path}}`, steps: parseSteps(path.replace(/^\$/, ""), text), ...(value === undefined ? {} : { value }) };
}

/** @returns whether the object meets the condition, with what was found for progress lines */
export function matchJsonPath(condition: JsonPathCondition, object: unknown): { matched: boolean; found?: string } {
  const first = select(condition.steps, [object])[0];
  if (first === undefined) return { matched: false };
  if (typeof first === "object" && first !== null) {
    if (condition.value !== undefined)
      throw new Error(`${condition.path} has a value that is not a plain one; compare one of its fields`);
    return { matched: true };
  }
  const found = String(first);
  return { matched: condition.value === undefined || condition.value === found, found };
}

function parseSteps(path: string, whole: string): Step[] {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== "") {
    const [step, length] = nextStep(rest, whole);
    steps.push(step);
    rest = rest.slice(length);
  }
  return steps;
}

function nextStep(rest: string, whole: string): [Step, number] {
  const key = /^\.([A-Za-z_][\w-]*)/.exec(rest) ?? /^\[(?:'([^']*)'|"([^"]*)")\]/.exec(rest);
  if (key) return [{ kind: "key", key: key[1] ?? key[2] ?? "" }, key[0].length];
  const index = /^\[(-?\d+)\]/.exec(rest);
  if (index) return [{ kind: "index", index: Number(index[1]) }, index[0].length];
  const all = /^(\[\*\]|\.\*)/.exec(rest);
  if (all) return [{ kind: "all" }, all[0].length];
  const filter = /^\[\?\s*\(?\s*@([^=)\]]+?)\s*(?:==\s*(?:'([^']*)'|"([^"]*)"|([\w.-]+))\s*)?\)?\s*\]/.exec(rest);
  if (filter) {
    const equals = filter[2] ?? filter[3] ?? filter[4];
    return [
      { kind: "filter", steps: parseSteps(filter[1] ?? "", whole), ...(equals === undefined ? {} : { equals }) },
      filter[0].length,
    ];
  }
  throw new Error(`cannot read "${rest}" in "${whole}"`);
}

function select(steps: readonly Step[], from: unknown[]): unknown[] {
  return steps.reduce((values, step) => values.flatMap((value) => apply(step, value)), from);
}

function apply(step: Step, value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  const elements = Array.isArray(value) ? (value as unknown[]) : Object.values(value);
  switch (step.kind) {
    case "key":
      return step.key in value && !Array.isArray(value) ? [(value as Record<string, unknown>)[step.key]] : [];
    case "index": {
      const found = Array.isArray(value) ? elements.at(step.index) : undefined;
      return found === undefined ? [] : [found];
    }
    case "all":
      return elements;
    case "filter":
      return elements.filter((element) => {
        const found = select(step.steps, [element])[0];
        return step.equals === undefined ? found !== undefined : String(found) === step.equals;
      });
  }
}
