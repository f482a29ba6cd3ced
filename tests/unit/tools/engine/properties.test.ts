import * as fc from "fast-check";
import {
  decodeStruct,
  encodeStruct,
  isPlaceholder,
  placeholderFor,
  samePlain,
  toMasked,
  toPlain,
} from "../../../../tools/engine/properties";
import { seconds } from "../../../../tools/engine/request";
import { SIGNATURE, SIGNATURES } from "../../../../tools/engine/sdk";
import { Asset, type PropertyMap, type PropertyValue, Reference, Secret, Unknown } from "../../../../tools/engine/types";

const context = {
  directory: __dirname,
  fault: (message: string) => {
    throw new Error(message);
  },
};

const leaf: fc.Arbitrary<PropertyValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.string(),
  fc.constant(new Unknown()),
  fc
    .tuple(fc.string({ minLength: 1 }), fc.option(fc.string({ minLength: 1 }), { nil: undefined }))
    .map(([urn, id]) => new Reference(urn, id)),
);
const value = fc.letrec<{ value: PropertyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    leaf,
    tie("value").map((inner) => new Secret(inner)),
    fc.array(tie("value")),
    fc.dictionary(fc.stringMatching(/^[a-z]+$/), tie("value")),
  ),
})).value;

test("every value survives the way over the wire", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]+$/), value), (map) => {
      expect(decodeStruct(encodeStruct(map as PropertyMap), context)).toEqual({ ...map });
    }),
  );
});

test("no secret survives masking", () => {
  fc.assert(
    fc.property(value, (inner) => {
      expect(JSON.stringify(toMasked({ a: [new Secret("hunter2-hunter2"), inner] }))).not.toContain("hunter2");
    }),
  );
});

test("an asset is its content's hash", () => {
  const map = {
    file: { [SIGNATURE]: SIGNATURES.asset, path: "properties.test.ts" },
    text: { [SIGNATURE]: SIGNATURES.asset, text: "abc" },
  };
  const decoded = decodeStruct(encodeStruct(map), context);
  expect((decoded.text as Asset).hash).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect((decoded.file as Asset).path).toBe("properties.test.ts");
  expect((decoded.file as Asset).hash).toMatch(/^[0-9a-f]{64}$/);
});

test("an asset whose file is missing is a fault, and unknown", () => {
  const faults: string[] = [];
  const map = { file: { [SIGNATURE]: SIGNATURES.asset, path: "nowhere" } };
  expect(decodeStruct(encodeStruct(map), { ...context, fault: (message) => faults.push(message) })).toEqual({
    file: new Unknown(),
  });
  expect(faults).toEqual([expect.stringContaining("no such file")]);
});

test("an output value that is unknown and secret is a secret unknown", () => {
  const map = { a: { [SIGNATURE]: SIGNATURES.output, secret: true, dependencies: ["urn"] } };
  expect(decodeStruct(encodeStruct(map), context)).toEqual({ a: new Secret(new Unknown()) });
});

test("equality ignores the order of keys and members that are undefined", () => {
  expect(samePlain({ a: 1, b: [{ c: 1 }], d: undefined }, { b: [{ c: 1 }], a: 1 })).toBe(true);
  expect(samePlain({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  expect(samePlain({ a: null }, {})).toBe(false);
});

test("providers see plain values", () => {
  expect(toPlain({ a: new Secret([new Asset("h", "p")]), b: new Reference("u", "i"), c: new Unknown() })).toEqual({
    a: [{ hash: "h", path: "p" }],
    b: "i",
    c: undefined,
  });
});

test("a placeholder is found inside other text", () => {
  expect(isPlaceholder(`echo ${placeholderFor("secret a")}`)).toBe(true);
  expect(isPlaceholder("echo")).toBe(false);
});

test.each([
  ["5m", 300],
  ["1h30m", 5400],
  ["90s", 90],
  ["1.5m", 90],
  ["250ms", 0.25],
  ["", undefined],
])("the duration %s is %s seconds", (text, expected) => {
  expect(seconds(text)).toBe(expected);
});
