import { readFileSync } from "node:fs";
import { runProgram } from "../../../../tools/engine/program";
import { ToyStack, TOKEN } from "./fixture";
import { ToyProvider } from "./toy-provider";

// Each real program is a second of start; a busy machine takes its time.
jest.setTimeout(60_000);

let stack: ToyStack;
beforeEach(() => (stack = new ToyStack()));
afterEach(() => stack.remove());

const chain = [
  { name: "a", value: 1 },
  { name: "b", from: "a" },
  { name: "c", after: ["b"], secret: "token" },
];

test("a second run with the same program does nothing and leaves the same checkpoint", async () => {
  const first = await stack.up(chain);
  expect(first.provider.calls).toEqual(["create a", "create b", "create c"]);
  const before = stack.checkpoint();
  const second = await stack.up(chain);
  expect(second.provider.calls).toEqual([]);
  expect(second.did).toEqual(["a same done", "b same done", "c same done"]);
  expect(second.exitCode).toBe(0);
  expect(stack.checkpoint()).toBe(before);
});

test("no secret is plain in the checkpoint, and outputs made of one are secret", async () => {
  const { plainOutputs, outputs } = await stack.up(chain);
  expect(plainOutputs).toEqual({ echoes: { a: "a=1", b: "b=", c: `c=${TOKEN}` } });
  expect(stack.checkpoint()).not.toContain(TOKEN);
  expect(JSON.stringify(outputs)).toContain('"kind":"secret"');
});

test("a changed input is an update, and what takes its output is updated after it", async () => {
  await stack.up(chain);
  const { did } = await stack.up([{ name: "a", value: 2 }, ...chain.slice(1)]);
  expect(did).toEqual(["a update done", "b update done", "c same done"]);
});

test("a replacement is made first and the old one is deleted at the end", async () => {
  await stack.up(chain);
  const { provider, did } = await stack.up([{ name: "a", value: "new" }, ...chain.slice(1)]);
  expect(provider.calls).toEqual(["create a", "update b", "delete a"]);
  expect(did).toEqual(["a replace done", "b update done", "c same done", "a delete done"]);
});

test("deleteBeforeReplace deletes first", async () => {
  const options = { deleteBeforeReplace: true };
  await stack.up([{ name: "a", value: 1, options }]);
  const { provider } = await stack.up([{ name: "a", value: "new", options }]);
  expect(provider.calls).toEqual(["delete a", "create a"]);
});

test("replaceOnChanges turns an update into a replacement", async () => {
  await stack.up([{ name: "a", value: [1], options: { replaceOnChanges: ["value[*]"] } }]);
  const { did } = await stack.up([{ name: "a", value: [2], options: { replaceOnChanges: ["value[*]"] } }]);
  expect(did).toEqual(["a replace done", "a delete done"]);
});

test("ignoreChanges keeps the old value and does nothing", async () => {
  await stack.up([{ name: "a", value: { kept: 1, other: 1 } }]);
  const options = { ignoreChanges: ["value.kept"] };
  expect((await stack.up([{ name: "a", value: { kept: 2, other: 1 }, options }])).did).toEqual(["a same done"]);
  expect((await stack.up([{ name: "a", value: { kept: 2, other: 2 }, options }])).did).toEqual(["a update done"]);
  expect(stack.checkpoint()).toContain('"value":{"kept":1,"other":2}');
});

test("what the program no longer has is deleted, dependents first", async () => {
  await stack.up(chain);
  const { provider, exitCode } = await stack.up([]);
  expect(provider.calls).toEqual(["delete c", "delete b", "delete a"]);
  expect(exitCode).toBe(0);
});

test("retainOnDelete and deletedWith forget a resource without calling its provider", async () => {
  await stack.up([{ name: "a" }, { name: "b", options: { retainOnDelete: true } }, { name: "c", options: { deletedWith: "a" } }]);
  const { provider } = await stack.up([]);
  expect(provider.calls).toEqual(["delete a"]);
});

test("a protected resource is neither deleted nor replaced", async () => {
  const options = { protect: true };
  await stack.up([{ name: "a", value: 1, options }]);
  const gone = await stack.up([]);
  expect([gone.exitCode, gone.did, gone.provider.calls]).toEqual([1, ["a refused failed"], []]);
  const replaced = await stack.up([{ name: "a", value: "new", options }]);
  expect([replaced.exitCode, replaced.did, replaced.provider.calls]).toEqual([1, ["a refused failed"], []]);
  expect(replaced.diagnostics[0]!.message).toContain("set protect to false first");
});

test("an alias moves the state to the new name", async () => {
  await stack.up([{ name: "old", value: 1 }]);
  const { did } = await stack.up([{ name: "young", value: 1, aliases: ["old"] }]);
  expect(did).toEqual(["young same done"]);
});

test("after a failure nothing new starts, what runs finishes, and a rerun converges", async () => {
  const provider = new ToyProvider();
  provider.failing.set("a", `no way with ${TOKEN}`);
  const failed = await stack.up(chain, { provider });
  expect(failed.exitCode).toBe(1);
  expect(failed.did).toEqual(["a create failed"]);
  expect(failed.diagnostics.map((each) => each.message)).toEqual(["a (toy:index:Toy): no way with [secret]"]);
  expect((await stack.up(chain)).did).toEqual(["a create done", "b create done", "c create done"]);
});

test("with continue-on-error others go on and dependents are skipped", async () => {
  const provider = new ToyProvider();
  provider.failing.set("a", "no way");
  const toys = [...chain, { name: "d" }];
  const { did, exitCode } = await stack.up(toys, { provider, continueOnError: true });
  expect(exitCode).toBe(1);
  expect([...did].sort()).toEqual(["a create failed", "b create skipped", "c create skipped", "d create done"]);
});

test("outputs that a failed run could not compute stay what they were", async () => {
  const before = await stack.up(chain);
  const provider = new ToyProvider();
  provider.failing.set("a", "no way");
  const after = await stack.up([{ name: "a", value: 2 }, ...chain.slice(1)], { provider, continueOnError: true });
  expect(after.plainOutputs).toEqual(before.plainOutputs);
});

test("a failed delete keeps what it depends on", async () => {
  await stack.up(chain);
  const provider = new ToyProvider();
  provider.failing.set("b", "stuck");
  const { did, exitCode } = await stack.destroy({ provider, continueOnError: true });
  expect(did).toEqual(["c delete done", "b delete failed", "a delete skipped"]);
  expect(exitCode).toBe(1);
  expect((await stack.destroy()).did).toEqual(["b delete done", "a delete done"]);
});

test("no more steps run at the same time than allowed", async () => {
  const toys = Array.from({ length: 12 }, (_, index) => ({ name: `t${index}` }));
  const { provider } = await stack.up(toys, { parallel: 3 });
  expect(provider.busiest).toBe(3);
});

test("a type that nothing acts on is refused by name", async () => {
  const { did, diagnostics, exitCode } = await stack.up([{ name: "a", kind: "Unheard" }]);
  expect([did, exitCode]).toEqual([["a refused failed"], 1]);
  expect(diagnostics[0]!.message).toContain("nothing here acts on resources of type toy:index:Unheard");
});

test("a half-made resource is remembered and updated next time", async () => {
  const provider = new ToyProvider();
  provider.partial.add("a");
  expect((await stack.up([{ name: "a", value: 1 }], { provider })).did).toEqual(["a create failed"]);
  expect((await stack.up([{ name: "a", value: 1 }])).did).toEqual(["a update done"]);
  expect((await stack.up([{ name: "a", value: 1 }])).did).toEqual(["a same done"]);
});

test("an explicit provider's inputs reach its resources, and another cluster behind it replaces them", async () => {
  const toys = [{ name: "a", value: 1, provider: "box" }];
  const boxes = (clusterIdentifier: string, kubeconfig: string) => ({ boxes: { box: { clusterIdentifier, kubeconfig } } });
  const first = await stack.up(toys, { config: boxes("one", "x") });
  expect(first.provider.contexts[0]!.provider).toEqual({ clusterIdentifier: "one", kubeconfig: "x" });
  expect((await stack.up(toys, { config: boxes("one", "y") })).did).toEqual(["box update done", "a same done"]);
  const moved = await stack.up(toys, { config: boxes("two", "y") });
  expect(moved.provider.calls).toEqual(["create a", "delete a"]);
  expect(moved.provider.contexts.map((context) => context.provider!["clusterIdentifier"])).toEqual(["two", "one"]);
});

test("the real program in a child process gives the same: create, same, failure, delete", async () => {
  const real = new ToyStack(true);
  try {
    expect((await real.up(chain)).did).toEqual(["a create done", "b create done", "c create done"]);
    const provider = new ToyProvider();
    provider.failing.set("a", "no way");
    const changed = [{ name: "a", value: 2 }, ...chain.slice(1), { name: "d" }];
    const failed = await real.up(changed, { provider, continueOnError: true });
    expect([failed.exitCode, [...failed.did].sort()]).toEqual([
      1,
      ["a update failed", "b update skipped", "c update skipped", "d create done"],
    ]);
    const stopped = new ToyProvider();
    stopped.failing.set("a", "no way");
    expect((await real.up(changed, { provider: stopped })).exitCode).toBe(1);
    expect((await real.up([])).did).toEqual(["c delete done", "d delete done", "b delete done", "a delete done"]);
  } finally {
    real.remove();
  }
});

test("a program that breaks deletes nothing", async () => {
  await stack.up(chain);
  const { exitCode, provider, diagnostics } = await stack.up([], { config: { crash: "true" }, runner: runProgram });
  expect([exitCode, provider.calls]).toEqual([1, []]);
  expect(diagnostics.some((each) => each.severity === "error" && each.message.startsWith("the program broke"))).toBe(true);
});

test("during a create the checkpoint on disk says so, and the next run warns", async () => {
  let seen = "";
  const provider = new ToyProvider(async (name) => {
    if (name === "b") seen = readFileSync(stack.checkpointFile, "utf8");
  });
  await stack.up(chain, { provider });
  const content = JSON.parse(seen) as { resources: { name: string }[]; pendingOperations: unknown[] };
  expect(content.resources.map((each) => each.name)).toEqual(["fixture-toys", "a"]);
  expect(content.pendingOperations).toEqual([{ urn: "urn:pulumi:toys::fixture::toy:index:Toy::b", type: "creating" }]);
  const { writeFileSync } = await import("node:fs");
  writeFileSync(stack.checkpointFile, seen);
  const next = await stack.up(chain);
  expect(next.did).toEqual(["a same done", "b create done", "c create done"]);
  expect(next.diagnostics[0]!.message).toContain("was ended while creating urn:pulumi:toys::fixture::toy:index:Toy::b");
});

test("aborting starts nothing new and ends with 130", async () => {
  const controller = new AbortController();
  const provider = new ToyProvider(async (name) => {
    if (name === "a") controller.abort();
  });
  const { exitCode, did } = await stack.up(chain, { provider, signal: controller.signal });
  expect(exitCode).toBe(130);
  expect(did).toEqual(["a create done"]);
  expect(provider.closed).toBe(true);
});

test("destroy does not run the program", async () => {
  await stack.up(chain);
  const { did, exitCode } = await stack.destroy({});
  expect(did).toEqual(["c delete done", "b delete done", "a delete done"]);
  expect(exitCode).toBe(0);
});
