import { createPrivateKey, createPublicKey, diffieHellman } from "node:crypto";
import * as fc from "fast-check";
import { curveCertificate, curvePublicKey, z85 } from "../../../../components/minicluster/curve";

const SEED = Buffer.alloc(32, 7).toString("base64");
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** The other direction, written anew. */
function decode(text: string): Buffer {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 5) {
    const word = [...text.slice(at, at + 5)].reduce((sum, each) => sum * 85 + ALPHABET.indexOf(each), 0);
    bytes.push(...[24, 16, 8, 0].map((shift) => Math.floor(word / 2 ** shift) % 256));
  }
  return Buffer.from(bytes);
}

describe("z85", () => {
  test("writes the test case of ZeroMQ RFC 32", () => {
    expect(z85(Buffer.from("864FD26FB559F75B", "hex"))).toBe("HelloWorld");
  });

  test("can be read back, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        expect(decode(z85(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test("refuses bytes that are no multiple of four", () => {
    expect(() => z85(new Uint8Array(31))).toThrow("Z85 takes a multiple of four bytes");
  });
});

describe("curvePublicKey", () => {
  test.each([
    // RFC 7748, section 6.1: Bob.
    [
      "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    ],
  ])("gives the public key of RFC 7748 for %s", (secret, expected) => {
    expect(curvePublicKey(Buffer.from(secret, "hex")).toString("hex")).toBe(expected);
  });

  test.each([
    // libzmq's manual page zmq_curve(7): the server's and the client's keys.
    ["JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6", "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"],
    ["D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"],
  ])("gives the public key of libzmq's manual for %s", (secret, expected) => {
    expect(z85(curvePublicKey(decode(secret)))).toBe(expected);
  });
});

describe("curveCertificate", () => {
  const text = curveCertificate(SEED, "lammps");

  test("is the same text for the same seed and name, in the form that Flux writes", () => {
    expect(text).toBe(
      [
        "#  ZeroMQ CURVE **Secret** Certificate",
        "#  DO NOT DISTRIBUTE",
        "",
        "metadata",
        '    name = "lammps"',
        "curve",
        `    public-key = "${/public-key = "(.*)"/.exec(text)![1]}"`,
        `    secret-key = "${/secret-key = "(.*)"/.exec(text)![1]}"`,
        "",
      ].join("\n"),
    );
    expect(curveCertificate(SEED, "lammps")).toBe(text);
  });

  test("is another one for another name and for another seed", () => {
    expect(curveCertificate(SEED, "other")).not.toContain(/secret-key = "(.*)"/.exec(text)![1]);
    expect(curveCertificate(Buffer.alloc(32, 8).toString("base64"), "lammps")).not.toBe(text);
  });

  test("has keys of 40 characters that belong together, for any seed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        const [, shown, secret] = /public-key = "(.{40})"\n {4}secret-key = "(.{40})"\n$/.exec(
          curveCertificate(Buffer.from(seed).toString("base64"), "a"),
        )!;
        // What one side computes with this pair, the other computes, too.
        const peer = createPrivateKey({
          key: der(decode("D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs")),
          format: "der",
          type: "pkcs8",
        });
        const own = createPrivateKey({ key: der(decode(secret!)), format: "der", type: "pkcs8" });
        const spki = Buffer.concat([Buffer.from("302a300506032b656e032100", "hex"), decode(shown!)]);
        const ours = createPublicKey({ key: spki, format: "der", type: "spki" });
        const one = diffieHellman({ privateKey: own, publicKey: createPublicKey(peer) });
        expect(diffieHellman({ privateKey: peer, publicKey: ours }).equals(one)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("keeps to lines that Flux's reader takes: below 256 characters, values of its alphabet", () => {
    // flux-framework/flux-core:src/common/libzmqutil/cert.c@4a5e79f5 cert_read, valid_key, valid_value, copy_z85_key
    for (const line of text.split("\n")) {
      expect(line.length).toBeLessThan(255);
      if (line.startsWith("    ")) expect(line).toMatch(/^ {4}[A-Za-z0-9.-]+ = "[A-Za-z0-9.\-:+=^!/*?&<>()[\]{}@%$# \t]*"$/);
      else expect(line).toMatch(/^(#.*|metadata|curve|)$/);
    }
  });

  test("does not show a seed of the wrong size", () => {
    expect(() => curveCertificate("c2VjcmV0", "lammps")).toThrow(/^the seed of a CURVE certificate has 32 bytes$/);
  });
});

function der(raw: Buffer): Buffer {
  return Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), raw]);
}
