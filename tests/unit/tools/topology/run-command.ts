import { main } from "../../../../tools/turducken";

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs the command line inside the test's process: what it wrote, and its exit code. */
export async function runCommand(...argv: string[]): Promise<CommandResult> {
  const out: string[] = [];
  const error: string[] = [];
  const capture = (to: string[]) => (text: string | Uint8Array) => to.push(String(text)) > 0;
  const spies = [
    jest.spyOn(process.stdout, "write").mockImplementation(capture(out) as never),
    jest.spyOn(process.stderr, "write").mockImplementation(capture(error) as never),
    jest.spyOn(process, "exit").mockImplementation(((code: number) => {
      throw new Exit(code);
    }) as never),
  ];
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await main(argv);
    return { code: Number(process.exitCode ?? 0), out: out.join(""), error: error.join("") };
  } catch (thrown) {
    if (!(thrown instanceof Exit)) throw thrown;
    return { code: thrown.code, out: out.join(""), error: error.join("") };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}

class Exit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}
