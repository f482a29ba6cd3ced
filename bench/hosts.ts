import type { StepReport } from "../components/hosts/types";
import { closeOnSignals, missingForLab } from "../tools/rehearse/lab";
import { endConnections, installAnsible, prepareAnsible } from "./ansible";
import { plainSsh, startFleet, type Fleet } from "./fleet";
import { median } from "./measure";

const SIZES = [8, 32];
const ROUNDS = 5;

/** A way to the same end state; `run` returns how many things it changed. */
interface Method {
  readonly name: "ours" | "plain" | "ansible";
  readonly run: () => Promise<number>;
  /** Between the two runs of a round, not measured. */
  readonly again: () => Promise<void>;
}

/** Seconds by method and run; `state` is bytes. */
type Times = Record<string, number[]>;

/**
 * Configuring lab hosts, beside one plain SSH run of the very same host program and beside ansible-core. In the no-change run every program
 * really runs and finds everything right. Goal: at most 1.3 times plain SSH.
 */
export async function benchHosts(): Promise<void> {
  const missing = missingForLab();
  if (missing.length > 0) return console.log(`skipped: ${missing.join("; ")}`);
  const ansible = await installAnsible();
  if ("reason" in ansible) console.log(`without ansible-core: ${ansible.reason}`);
  const measured: { size: number; times: Times }[] = [];
  for (const size of SIZES) {
    const abort = new AbortController();
    const fleet = await startFleet(size, abort.signal);
    const release = closeOnSignals(() => (abort.abort(), fleet.close()));
    try {
      const methods = await methodsFor(fleet, "bin" in ansible ? ansible.bin : undefined);
      const times = await measureRounds(fleet, methods);
      report(size, times);
      measured.push({ size, times });
    } finally {
      await endConnections(fleet);
      await fleet.close();
      release();
    }
  }
  reportGrowth(measured);
}

async function methodsFor(fleet: Fleet, ansibleBin: string | undefined): Promise<Method[]> {
  const ours: Method = {
    name: "ours",
    run: async () => {
      await fleet.up();
      return changes(fleet.reports, fleet.lab.hosts.size);
    },
    again: async () => fleet.raiseGenerations(),
  };
  const plain: Method = {
    name: "plain",
    run: async () => changes(await plainSsh(fleet), fleet.lab.hosts.size),
    again: async () => undefined,
  };
  if (ansibleBin === undefined) return [ours, plain];
  const playbook = await prepareAnsible(ansibleBin, fleet);
  return [ours, plain, { name: "ansible", run: () => playbook.play(), again: () => endConnections(fleet) }];
}

/** Every host must have answered: a program that did not run would be fast. */
function changes(reports: readonly StepReport[], hosts: number): number {
  const answered = new Set(reports.map((each) => each.host)).size;
  if (answered !== hosts) throw new Error(`${answered} of ${hosts} host programs reported`);
  const bad = reports.find((each) => each.state !== "ok" && each.state !== "changed");
  if (bad) throw new Error(`${bad.host}: ${bad.step} is ${bad.state}: ${bad.stderr?.join("; ")}`);
  return reports.filter((each) => each.state === "changed").length;
}

async function measureRounds(fleet: Fleet, methods: readonly Method[]): Promise<Times> {
  const times: Times = {};
  // Once unmeasured: caches of every method are warm, and the programs for plain SSH are written.
  for (const method of methods) {
    await fleet.reset();
    await method.run();
    await endConnections(fleet);
  }
  let expected: string | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < methods.length; turn++) {
      const method = methods[(round + turn) % methods.length]!;
      await fleet.reset();
      const changed = await timed(times, `${method.name} first`, method.run);
      if (changed === 0) throw new Error(`the first run of ${method.name} changed nothing`);
      expected ??= await fleet.endState();
      await sameEnd(fleet, expected, `the first run of ${method.name}`);
      await method.again();
      const again = await timed(times, `${method.name} no-change`, method.run);
      if (again !== 0) throw new Error(`the second run of ${method.name} changed ${again} things`);
      await sameEnd(fleet, expected, `the second run of ${method.name}`);
      if (method.name === "ours") {
        await timed(times, "ours idle", () => fleet.up());
        times.state = [fleet.stateBytes()];
      }
      await endConnections(fleet);
    }
  }
  return times;
}

async function timed<T>(times: Times, name: string, run: () => Promise<T>): Promise<T> {
  const begin = process.hrtime.bigint();
  const result = await run();
  (times[name] ??= []).push(Number(process.hrtime.bigint() - begin) / 1e9);
  return result;
}

async function sameEnd(fleet: Fleet, expected: string, what: string): Promise<void> {
  if ((await fleet.endState()) !== expected) throw new Error(`${what} left another end state than the first method did`);
}

function report(size: number, times: Times): void {
  const of = (name: string): number | undefined => (times[name] ? median(times[name]) : undefined);
  const show = (value: number | undefined, unit: string): string => (value === undefined ? "-" : `${value.toFixed(2)}${unit}`);
  const ratio = (above: string, below: string): string => {
    const [a, b] = [of(above), of(below)];
    return show(a !== undefined && b !== undefined ? a / b : undefined, "");
  };
  console.log(`${size} hosts, medians of ${ROUNDS} interleaved rounds`);
  for (const run of ["first", "no-change"]) {
    const seconds = ["ours", "plain", "ansible"].map((name) => `${name} ${show(of(`${name} ${run}`), " s")}`).join(", ");
    console.log(
      `  ${run.padEnd(10)} ours/plain ${ratio(`ours ${run}`, `plain ${run}`)}, ansible/plain ${ratio(`ansible ${run}`, `plain ${run}`)}, ours/ansible ${ratio(`ours ${run}`, `ansible ${run}`)}   (${seconds})`,
    );
  }
  console.log(`  nothing asked: up with no generation raised takes ${show(of("ours idle"), " s")}`);
  console.log(`  state: ${(of("state")! / size / 1024).toFixed(1)} KiB a host (goal: under 32)`);
}

/** What one further host costs: without what a run costs whatever it does, such as starting the program and the verdict. */
function reportGrowth(measured: readonly { size: number; times: Times }[]): void {
  const [few, many] = [measured[0], measured[measured.length - 1]];
  if (!few || !many || few === many) return;
  for (const run of ["first", "no-change"]) {
    const slope = (name: string): number | undefined => {
      const [before, after] = [few.times[`${name} ${run}`], many.times[`${name} ${run}`]];
      return before && after && (median(after) - median(before)) / (many.size - few.size);
    };
    const each = ["ours", "plain", "ansible"].map((name) => {
      const seconds = slope(name);
      return `${name} ${seconds === undefined ? "-" : `${(seconds * 1000).toFixed(0)} ms`}`;
    });
    const [ours, plain] = [slope("ours"), slope("plain")];
    const ratio = ours !== undefined && plain !== undefined ? ` (ours/plain ${(ours / plain).toFixed(2)})` : "";
    console.log(`each further host, ${run}: ${each.join(", ")}${ratio}`);
  }
}
