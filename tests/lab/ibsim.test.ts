import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { treeFromIbnetdiscover } from "../../hardware/topology/sources/ibnetdiscover";
import { fabrics } from "./ibsim/fabrics";
import { discover, UMAD2SIM, withoutDate } from "./ibsim/simulator";
import { missingForLabTests } from "./support";

const FIXTURES = join(__dirname, "../fixtures/topology/ibnetdiscover");

/** Needs neither root nor namespaces, but the two Debian packages (and Linux, where they are). */
const library = UMAD2SIM.find((file) => existsSync(file));
const missing = missingForLabTests(["ibsim", "ibnetdiscover"]).filter((reason) => reason !== "not root");
if (!library) missing.push("libumad2sim is not installed");
if (missing.length > 0) console.warn(`skipped: ibnetdiscover in ibsim: ${missing.join("; ")}`);

(missing.length > 0 ? describe.skip : describe)("ibnetdiscover in ibsim as the judge of the fabric tree", () => {
  test.each(fabrics.map((fabric) => [fabric.name, fabric] as const))(
    "the tree of %s is the one that was drawn",
    async (name, { drawing, down, options, tiers, chains, says = [] }) => {
      const from = drawing.nodes.find(({ kind }) => kind === "Hca")!.id;
      const text = withoutDate(await discover(drawing, library!, from, down));
      const { tree, problems, warnings } = treeFromIbnetdiscover(text, options);
      expect(tree.tiers).toEqual(tiers);
      expect(Object.fromEntries(tree.nodes.map((node) => [node.name, node.chain]))).toEqual(chains);
      expect(tree.nodes.map((node) => node.name)).toEqual(Object.keys(chains));
      const said = [...problems, ...warnings].map(({ message }) => message);
      expect(said).toEqual(says.map((part) => expect.stringContaining(part) as string));

      // The unit tests read these files; with UPDATE_FIXTURES set they are written anew.
      const fixture = join(FIXTURES, `${name}.txt`);
      if (process.env.UPDATE_FIXTURES) {
        mkdirSync(FIXTURES, { recursive: true });
        writeFileSync(fixture, text);
      }
      expect(text).toBe(readFileSync(fixture, "utf8"));
    },
    40_000,
  );
});
