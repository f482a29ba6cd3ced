import { mkdtempSync, rmSync } from "fs";
import { tmpdir } from "os";
import { join } from "path";
import { LocalCommandProvider } from "../../../../tools/engine/providers/local";
import { contextOf } from "./context";

const type = "command:local:Command";
const provider = new LocalCommandProvider();
const create = (inputs: Record<string, unknown>, context = contextOf("set")) =>
  provider.create(type, "urn", { logging: "none", ...inputs }, context);

describe("command:local:Command", () => {
  test("runs with /bin/sh in the program's folder, with its input and variables", async () => {
    const made = await create({ create: 'pwd; cat; echo "$GREETING" >&2', stdin: "in\n", environment: { GREETING: "hello" } });
    expect(made.outputs).toMatchObject({ stdout: `${__dirname}\nin`, stderr: "hello" });
  });

  test("takes another interpreter and another folder", async () => {
    const folder = mkdtempSync(join(tmpdir(), "turducken-local-"));
    const made = await create({ interpreter: ["node", "-e"], create: "console.log(process.cwd())", dir: folder });
    rmSync(folder, { recursive: true });
    expect(made.outputs["stdout"]).toBe(folder);
  });

  test("a failure is the end of stderr, redacted, under the resource's name", async () => {
    const failing = create(
      { create: "echo two hosts are named hunter2 >&2; exit 2" },
      contextOf("set", { secrets: ["hunter2"] }),
    );
    await expect(failing).rejects.toThrow("set exited with code 2:\ntwo hosts are named [secret]");
  });

  test("an unknown interpreter is named", async () => {
    await expect(create({ interpreter: ["/no/such"], create: "x" })).rejects.toThrow("set: cannot run /no/such");
  });

  test("a command that takes too long is ended with what it started", async () => {
    const slow = create({ create: "sleep 30 & wait" }, contextOf("set", { timeoutSeconds: 0.2 }));
    await expect(slow).rejects.toThrow("did not end within 0.2 s");
  });

  test("update sees the previous output, delete runs its own text", async () => {
    const olds = { id: "x", inputs: { create: "echo one", delete: "exit 9" }, outputs: { stdout: "one", stderr: "" } };
    const changed = await provider.update(
      type,
      "urn",
      olds,
      { create: "echo $PULUMI_COMMAND_STDOUT more", logging: "none" },
      contextOf("set"),
    );
    expect(changed.outputs["stdout"]).toBe("one more");
    await expect(provider.delete(type, "urn", olds, contextOf("set"))).rejects.toThrow("set exited with code 9");
  });
});
