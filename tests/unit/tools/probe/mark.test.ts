import { parse } from "yaml";
import { raise } from "../../../../tools/probe/mark";

const generations = (text: string) =>
  (parse(text) as { config: { "turducken:cluster": { generations?: Record<string, number> } } }).config["turducken:cluster"]
    .generations;

/** Lines that differ, as `diff` shows them. */
function diff(before: string, after: string): string[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
}

const file = (line: string) => `# How this cluster is run: see the wiki.
encryptionsalt: v1:abc=:v1:def
config:
  turducken:sshPrivateKey:
    secure: v1:xyz   # rotated in May
  turducken:cluster:
    environment: bare-metal
    ssh: {user: admin,   port: 22}   # odd spacing is the user's
    hosts:
      # the first rack
      - names: "n[01-03]"
        hostKeys: [ 'ssh-ed25519 AAAA', "ssh-ed25519 BBBB",
                    ssh-ed25519 CCCC ]
${line}    site: {accounts: verify}

    # what comes last
    kubernetes:
      version: 1.36.3   # not a number


  turducken:other: 1
`;

test.each([
  [
    "a block map",
    "    generations:\n      n01: 1\n      n03: 2   # memory replaced\n",
    ["-       n03: 2   # memory replaced", "+       n03: 3   # memory replaced"],
  ],
  [
    "a flow map",
    "    generations: {n01: 1, n03: 2}\n",
    ["-     generations: {n01: 1, n03: 2}", "+     generations: {n01: 1, n03: 3}"],
  ],
  ["a block map without the host", "    generations:\n      n01: 1   # disk replaced\n", ["+       n03: 3"]],
  [
    "a flow map without the host",
    "    generations: { n01: 1 }\n",
    ["-     generations: { n01: 1 }", "+     generations: { n01: 1, n03: 3 }"],
  ],
  [
    "an empty map",
    "    generations: {} # none yet\n",
    ["-     generations: {} # none yet", "+     generations: { n03: 3 } # none yet"],
  ],
  ["no map at all", "", ["+     generations: { n03: 3 }"]],
])("%s: one entry changes, and comments, order and odd spacing stay", (_, line, expected) => {
  const after = raise(file(line), "n03", 3);
  expect(diff(file(line), after)).toEqual(expected);
  expect(generations(after)).toMatchObject({ n03: 3 });
  expect(raise(after, "n03", 3)).toBe(after);
});

test("several hosts are raised one after the other", () => {
  const after = raise(raise(file(""), "n01", 2), "n02", 5);
  expect(generations(after)).toEqual({ n01: 2, n02: 5 });
  expect(diff(file(""), after)).toEqual(["+     generations: { n01: 2, n02: 5 }"]);
});

test("a null where the map should be is replaced, not followed", () => {
  const after = raise(file("    generations:\n"), "n01", 2);
  expect(generations(after)).toEqual({ n01: 2 });
});

test("a cluster written as a flow map is still marked", () => {
  const after = raise("config: {turducken:cluster: {name: x, hosts: []}} # all in one\n", "n01", 2);
  expect(generations(after)).toEqual({ n01: 2 });
  expect(after).toContain("# all in one");
});

test("a file without a cluster is refused", () => {
  expect(() => raise("config:\n  turducken:layers: {}\n", "n01", 2)).toThrow("the stack file has no config.turducken:cluster");
});
