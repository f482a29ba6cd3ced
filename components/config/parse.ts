import { z } from "zod";
import { nearestNames } from "../../hardware/nearest";
import { looksSecret, misplacedSecrets, withoutMisplaced } from "./misplaced";
import { pathText, valueAt } from "./path";
import { ConfigError, type Problem } from "./problems";
import { accepts, allowedBy, exampleOf, isHidden, keysOf, schemaAt } from "./schema";

export interface ParseOptions<T extends z.ZodType> {
  /** How the configuration is called in the error's first line. @default the root */
  readonly subject?: string;
  /** Paths (without root) that another check answers for; the schema's problems below them are left out. */
  readonly elsewhere?: readonly string[];
  /** The whole may hold decrypted secrets: no value is shown, and `check`, whose words may quote one, is not asked. @default false */
  readonly hideValues?: boolean;
  /**
   * What a schema cannot say. Gets what the schema gives, or, when that failed, what of it could be understood, so that a
   * typing error in one place does not hide a mistake in another.
   */
  readonly check?: (draft: z.output<T> | undefined) => readonly Problem[];
}

/**
 * Configuration by its schema, or every problem at once: shape, unknown keys with the nearest name, misplaced secrets, and
 * whatever `check` finds.
 *
 * @param raw what the user wrote, decoded
 * @param root its name in the user's words, e.g. `cluster`
 * @throws ConfigError
 */
export function parseConfig<T extends z.ZodType>(
  schema: T,
  raw: unknown,
  root: string,
  options: ParseOptions<T> = {},
): z.output<T> {
  const parsed = schema.safeParse(raw);
  const shape = configProblems(schema, raw, root, options);
  const more = options.hideValues
    ? []
    : (options.check?.(parsed.success ? parsed.data : salvage(schema, withoutSecrets(raw))) ?? []);
  const problems = mergeProblems(shape, more);
  if (problems.length > 0) throw new ConfigError(options.subject ?? root, problems);
  return parsed.data as z.output<T>;
}

/** What the schema says about a value, and secrets that stand in it. */
export function configProblems(
  schema: z.ZodType,
  raw: unknown,
  root: string,
  { elsewhere = [], hideValues = false }: Pick<ParseOptions<z.ZodType>, "elsewhere" | "hideValues"> = {},
): Problem[] {
  const misplaced = misplacedSecrets(raw, root);
  const parsed = schema.safeParse(raw);
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => leafIssues(issue, schema, raw));
  const shape = issues
    .filter((issue) => !misplaced.some(({ at }) => startsWith(issue.path, at)))
    .filter((issue) => !elsewhere.some((path) => startsWith(issue.path, path.split("."))))
    .flatMap((issue) => issueProblems(issue, schema, raw, root));
  return [...misplaced.map(({ problem }) => problem), ...shape].map((problem) => showSafely(problem, hideValues));
}

/** One list without repetition: where the schema already objects, a later check has nothing to add. */
export function mergeProblems(shape: readonly Problem[], more: readonly Problem[]): Problem[] {
  const taken = new Set(shape.map(({ path }) => path));
  return [...shape, ...more.filter(({ path }) => !taken.has(path)).map((problem) => showSafely(problem, false))];
}

/** A copy that holds no misplaced secret, for all that may quote what it sees. */
export function withoutSecrets(raw: unknown): unknown {
  return withoutMisplaced(raw, misplacedSecrets(raw, ""));
}

/**
 * As much of a value as a schema accepts: what it objects to is taken out, piece by piece, until it accepts the rest.
 * Undefined when nothing is left.
 */
export function salvage<T extends z.ZodType>(schema: T, raw: unknown): z.output<T> | undefined {
  const rest: Record<PropertyKey, unknown> = { value: structuredClone(raw) };
  while (rest.value !== undefined) {
    const parsed = schema.safeParse(rest.value);
    if (parsed.success) return parsed.data;
    const issues = parsed.error.issues.flatMap((each) => leafIssues(each, schema, rest.value));
    const paths = issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
    );
    // Taking an element out of a list moves those behind it, so the other paths are asked for anew.
    for (const path of paths) if (remove(rest, ["value", ...path]) === "moved") break;
  }
  return undefined;
}

/** Takes out what is at the path; where nothing is (a required field is missing), what should have held it. */
function remove(holder: Record<PropertyKey, unknown>, path: readonly PropertyKey[]): "moved" | "removed" {
  for (let length = path.length; length > 1; length--) {
    const parent = valueAt(holder, path.slice(0, length - 1));
    const key = path[length - 1]!;
    if (Array.isArray(parent) && Number(key) < parent.length) {
      parent.splice(Number(key), 1);
      return "moved";
    }
    if (typeof parent === "object" && parent !== null && Object.hasOwn(parent, key)) {
      delete (parent as Record<PropertyKey, unknown>)[key];
      return "removed";
    }
  }
  delete holder.value;
  return "moved";
}

type Issue = z.core.$ZodIssue;

/** A union's issue says only "no alternative"; the alternative that was meant says what is wrong. */
function leafIssues(issue: Issue, schema: z.ZodType, raw: unknown): Issue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const value = valueAt(raw, issue.path);
  const at = schemaAt(schema, issue.path, raw);
  const def = at && (unwrapUnion(at) as z.core.$ZodUnion | undefined)?._zod.def;
  const meant = def?.options.findIndex((option) => !isScalar(value) && accepts(option, value)) ?? -1;
  const errors = meant >= 0 ? issue.errors[meant] : undefined;
  if (!errors || errors.length === 0) return [issue];
  return errors.flatMap((each) => leafIssues({ ...each, path: [...issue.path, ...each.path] } as Issue, schema, raw));
}

function unwrapUnion(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if (def.type === "union") return schema;
  return "innerType" in def ? unwrapUnion(def.innerType) : def.type === "pipe" ? unwrapUnion(def.in) : undefined;
}

function issueProblems(issue: Issue, schema: z.ZodType, raw: unknown, root: string): Problem[] {
  const at = schemaAt(schema, issue.path, raw) ?? schema;
  const path = pathText(root, issue.path);
  const value = valueAt(raw, issue.path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(issue.path, key, at, value, root));
  if (issue.code === "invalid_key") {
    const key = issue.path[issue.path.length - 1];
    const message = issue.issues.map((each) => each.message).join(" ");
    return [{ path, value: typeof key === "symbol" ? undefined : key, message, fix: "Correct the name." }];
  }
  const example = exampleOf(at);
  const hint = example === undefined ? "" : `, e.g. ${typeof example === "string" ? example : JSON.stringify(example)}`;
  if (value === undefined) return [{ path, message: "It is missing.", allowed: allowedBy(at), fix: `Add it${hint}.` }];
  const shown = isHidden(at) || !isScalar(value) ? undefined : value;
  // A pattern's own message says what is allowed; "text" would add nothing.
  const allowed = issue.code === "invalid_format" ? undefined : allowedBy(at);
  return [{ path, value: shown, message: messageOf(issue, value), allowed, fix: `Correct it${hint}.` }];
}

function messageOf(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return `It is ${kindOf(value)}.`;
    case "invalid_value":
      return "It is none of the words it can be.";
    case "too_small":
      return issue.origin === "number" || issue.origin === "int" ? "It is too small." : "It is empty.";
    case "too_big":
      return issue.origin === "number" || issue.origin === "int" ? "It is too big." : "It is too long.";
    case "invalid_union":
      return `It is ${kindOf(value)}, of which no form is accepted here.`;
    default:
      return issue.message;
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "number") return Number.isInteger(value) ? "a whole number" : "a number";
  return typeof value === "string" ? "text" : `${String(value)}`;
}

function unknownKey(at: readonly PropertyKey[], key: string, schema: z.core.$ZodType, holder: unknown, root: string): Problem {
  const known = keysOf(schema);
  const [nearest] = nearestNames(
    key,
    known.filter((each) => valueAt(holder, [each]) === undefined),
    1,
  );
  return {
    path: pathText(root, [...at, key]),
    message: "There is no such field.",
    allowed: known.join(", "),
    fix: nearest ? `Did you mean ${nearest}?` : "Remove it.",
  };
}

function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

/** Structures are never shown (anything may be inside), nor what looks like a key. */
function showSafely(problem: Problem, hide: boolean): Problem {
  const { value, ...rest } = problem;
  const list = Array.isArray(value) && value.every((each) => typeof each === "string" && !looksSecret(each));
  const show = !hide && value !== undefined && (list || (isScalar(value) && !(typeof value === "string" && looksSecret(value))));
  return show ? problem : rest;
}

function startsWith(path: readonly PropertyKey[], prefix: readonly PropertyKey[]): boolean {
  return prefix.every((key, index) => String(path[index]) === String(key));
}
