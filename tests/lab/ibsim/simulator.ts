import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { netFile, nodeId, type Drawing } from "./drawing";

/** Where Debian's libumad2sim0 puts the library that leads libibumad to the simulator (x86-64 and arm64). */
export const UMAD2SIM = ["x86_64", "aarch64"].map((arch) => `/usr/lib/${arch}-linux-gnu/umad2sim/libumad2sim.so`);

const PROMPT = /sim> /g;

/**
 * What the real `ibnetdiscover` prints for a drawn fabric in the real `ibsim`. The simulator's sockets have a name of their
 * own, so that runs do not meet; its processes end with this function, or after 20 seconds.
 *
 * @param down ports to take down before, as `[id, port]`
 * @param from the node on which ibnetdiscover runs
 */
export async function discover(
  drawing: Drawing,
  library: string,
  from: string,
  down: readonly (readonly [string, number])[] = [],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "ibsim-"));
  const file = join(folder, "net");
  writeFileSync(file, netFile(drawing));
  const env = { ...process.env, IBSIM_SOCKNAME: `ibsim-${randomUUID()}`, SIM_HOST: nodeId(drawing, from) };
  const simulator = spawn("ibsim", ["-s", file], { cwd: folder, env, timeout: 20_000, killSignal: "SIGKILL" });
  let said = "";
  for (const stream of [simulator.stdout, simulator.stderr]) stream.on("data", (data: Buffer) => (said += data.toString()));
  const ended = once(simulator, "close");
  try {
    const prompts = async (count: number) => {
      for (let waited = 0; (said.match(PROMPT) ?? []).length < count; waited += 20) {
        if (waited > 10_000 || simulator.exitCode !== null) throw new Error(`ibsim is not ready: ${said.slice(-2000)}`);
        await sleep(20);
      }
    };
    await prompts(1);
    for (const [index, [id, port]] of down.entries()) {
      simulator.stdin.write(`Unlink "${nodeId(drawing, id)}"[${port}]\n`);
      await prompts(2 + index);
    }
    return await run("ibnetdiscover", { ...env, LD_PRELOAD: library, PATH: `${process.env.PATH}:/usr/sbin:/sbin` });
  } finally {
    simulator.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true });
  }
}

async function run(program: string, env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(program, [], { env, timeout: 15_000, killSignal: "SIGKILL", stdio: ["ignore", "pipe", "pipe"] });
  const out: Buffer[] = [];
  let errors = "";
  child.stdout.on("data", (data: Buffer) => out.push(data));
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${errors.slice(-2000)}`);
  return Buffer.concat(out).toString("utf8");
}

/** The text without the line that says when it was made. */
export function withoutDate(text: string): string {
  return text.replace(/^# Topology file: generated on .*$/m, "# Topology file: generated on DATE");
}
