import { randomBytes, randomInt, randomUUID } from "crypto";
import type { OperationContext, PlainInputs, PlainState, ResourceProvider } from "../types";
import { diffInputs } from "./shared";

interface Made {
  id: string;
  outputs: Record<string, unknown>;
  secretOutputs?: string[];
}

const classes = {
  lower: "abcdefghijklmnopqrstuvwxyz",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  numeric: "0123456789",
  special: "!@#$%&*()-_=+[]{}<>:?",
} as const;

const makers: Record<string, (inputs: PlainInputs, name: string) => Made> = {
  "random:index/randomPassword:RandomPassword": (inputs, name) => ({
    id: "none",
    outputs: { ...characterDefaults(inputs), result: text(inputs, name) },
    secretOutputs: ["result"],
  }),
  "random:index/randomString:RandomString": (inputs, name) => {
    const result = text(inputs, name);
    return { id: result, outputs: { ...characterDefaults(inputs), result } };
  },
  "random:index/randomBytes:RandomBytes": (inputs, name) => {
    const bytes = randomBytes(positive(inputs, "length", name));
    return {
      id: "none",
      outputs: { ...inputs, base64: bytes.toString("base64"), hex: bytes.toString("hex") },
      secretOutputs: ["base64", "hex"],
    };
  },
  "random:index/randomId:RandomId": (inputs, name) => {
    const bytes = randomBytes(positive(inputs, "byteLength", name));
    const prefix = typeof inputs["prefix"] === "string" ? inputs["prefix"] : "";
    const url = bytes.toString("base64url");
    const dec = BigInt(`0x${bytes.toString("hex")}`).toString();
    return {
      id: url,
      outputs: {
        ...inputs,
        b64Std: prefix + bytes.toString("base64"),
        b64Url: prefix + url,
        hex: prefix + bytes.toString("hex"),
        dec: prefix + dec,
      },
    };
  },
  "random:index/randomUuid:RandomUuid": (inputs) => {
    const result = randomUUID();
    return { id: result, outputs: { ...inputs, result } };
  },
};

/**
 * `random:*` values from this machine's generator, with the properties of @pulumi/random 4.21.2: made once, kept in the state,
 * made anew (a replace) when any input changes. `bcryptHash` of RandomPassword is left out.
 */
export class RandomProvider implements ResourceProvider {
  readonly handles = (type: string): boolean => type.startsWith("random:");

  diff(_type: string, olds: PlainState, news: PlainInputs) {
    return Promise.resolve(diffInputs(olds, news, [...Object.keys(olds.inputs), ...Object.keys(news)]));
  }

  create(type: string, _urn: string, inputs: PlainInputs, context: OperationContext): Promise<Made> {
    const make = makers[type];
    if (!make)
      return Promise.reject(new Error(`${context.name}: ${type} is left out here; known: ${Object.keys(makers).join(", ")}`));
    return Promise.resolve().then(() => make(inputs, context.name));
  }

  update(_type: string, _urn: string, olds: PlainState): Promise<{ outputs: Record<string, unknown> }> {
    return Promise.resolve({ outputs: { ...olds.outputs } });
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function characterDefaults(inputs: PlainInputs): PlainInputs {
  return {
    lower: true,
    upper: true,
    numeric: true,
    special: true,
    minLower: 0,
    minUpper: 0,
    minNumeric: 0,
    minSpecial: 0,
    ...inputs,
  };
}

/** At least `minX` characters of each class, the rest from all enabled classes, shuffled. */
function text(inputs: PlainInputs, name: string): string {
  const length = positive(inputs, "length", name);
  const settings = characterDefaults(inputs);
  const alphabets = {
    ...classes,
    ...(typeof inputs["overrideSpecial"] === "string" ? { special: inputs["overrideSpecial"] } : {}),
  };
  const enabled = (Object.keys(classes) as (keyof typeof classes)[]).filter(
    (kind) => settings[kind] !== false && alphabets[kind].length > 0,
  );
  const pool = enabled.map((kind) => alphabets[kind]).join("");
  if (pool === "") throw new Error(`${name}: at least one of lower, upper, numeric and special must be allowed`);
  const chosen = enabled.flatMap((kind) => {
    const least = Number(settings[`min${kind[0]?.toUpperCase()}${kind.slice(1)}`] ?? 0);
    return Array.from({ length: least }, () => pickFrom(alphabets[kind]));
  });
  if (chosen.length > length)
    throw new Error(`${name}: length ${length} is less than the sum of the minimums (${chosen.length})`);
  while (chosen.length < length) chosen.push(pickFrom(pool));
  for (let last = chosen.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [chosen[last], chosen[other]] = [chosen[other] as string, chosen[last] as string];
  }
  return chosen.join("");
}

function pickFrom(alphabet: string): string {
  return alphabet.charAt(randomInt(alphabet.length));
}

function positive(inputs: PlainInputs, property: string, name: string): number {
  const value = Number(inputs[property]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${name}: ${property} must be a whole number of at least 1, got ${String(inputs[property])}`);
  return value;
}
