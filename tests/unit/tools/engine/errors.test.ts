import { inspect } from "node:util";
import { ConfigError } from "../../../../components/config/problems";
import { readableError } from "../../../../tools/engine/errors";

test("a list of the user's mistakes comes without stack, colours and properties", () => {
  const error = new ConfigError("cluster", [
    { path: "cluster.hosts[0]", value: 1, message: "it is wrong", allowed: "2", fix: "write 2" },
  ]);
  const logged = `Running program '/x/stacks/' failed with an unhandled exception:\n${inspect(error, { colors: true })}`;
  expect(readableError(logged)).toBe(
    "cluster: 1 problem\n  cluster.hosts[0] = 1\n    it is wrong\n    allowed: 2\n    do: write 2",
  );
});

test("any other error keeps the first line of the user's own code", () => {
  const error = new Error("broke");
  error.stack =
    "Error: broke\n    at inner (/x/node_modules/zod/index.js:1:2)\n    at mine (/x/stacks/layers.ts:3:4)\n    at node:internal/main:5:6";
  expect(readableError(inspect(error))).toBe("broke\n  at mine (/x/stacks/layers.ts:3:4)");
});

test("text that is no error stays", () => {
  expect(readableError("just\ntext")).toBe("just\ntext");
});
