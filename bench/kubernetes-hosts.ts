import type { StepReport, StepState } from "../components/hosts/types";
import { closeOnSignals, missingForLab } from "../tools/rehearse/lab";
import { prepareParts, type Parts } from "../tools/rehearse/parts";
import { Reporter } from "../tools/rehearse/report";
import { plainSsh, startFleet, type Fleet } from "./fleet";
import { median } from "./measure";

const HOSTS = 8;
const ROUNDS = 3;

type Times = Record<"first" | "no-change", number[]>;

/**
 * Preparing lab hosts for Kubernetes (containerd, kubelet, images, kernel settings), beside one plain SSH run of the very same host
 * programs: what `hosts` measures, with the work that a host of a cluster really takes. Measured until the last host is prepared; kubeadm
 * comes after that. What containerd and a kubelet leave cannot be taken back in place, so each first run gets hosts of its own; no-change
 * runs of both take turns on hosts whose cluster is up, ours with every generation raised so that each program runs again.
 */
export async function benchKubernetesHosts(): Promise<void> {
  const missing = missingForLab();
  if (missing.length > 0) return console.log(`skipped: ${missing.join("; ")}`);
  const parts = await prepareParts({}, new Reporter());
  const ours: Times = { first: [], "no-change": [] };
  const plain: Times = { first: [], "no-change": [] };
  const idle: number[] = [];
  const firstOfPlain = async (fleet: Fleet) => {
    await fleet.writePrograms();
    plain.first.push(await plainRun(fleet, ["ok", "changed"]));
  };
  const oursThenAgain = async (fleet: Fleet) => {
    ours.first.push(await fleet.upUntilPrepared());
    for (let turn = 0; turn < ROUNDS; turn++) {
      plain["no-change"].push(await plainRun(fleet, ["ok"]));
      ours["no-change"].push(await oursAgain(fleet));
      idle.push(await timed(() => fleet.up()));
    }
  };
  for (let round = 0; round < ROUNDS; round++) {
    const turns = [firstOfPlain, oursThenAgain];
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await onFreshHosts(parts, turn);
  }
  console.log(`${HOSTS} hosts prepared for Kubernetes, medians of ${ROUNDS} interleaved rounds`);
  for (const run of ["first", "no-change"] as const) {
    const [a, b] = [median(ours[run]), median(plain[run])];
    console.log(`  ${run.padEnd(10)} ours/plain ${(a / b).toFixed(2)}   (ours ${a.toFixed(2)} s, plain ${b.toFixed(2)} s)`);
  }
  const [a, b] = [median(idle), median(plain["no-change"])];
  console.log(`  an up with no generation raised, which asks no host: ${a.toFixed(2)} s, ours/plain ${(a / b).toFixed(2)}`);
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await run();
  return (performance.now() - begin) / 1000;
}

async function onFreshHosts(parts: Parts, run: (fleet: Fleet) => Promise<void>): Promise<void> {
  const abort = new AbortController();
  const fleet = await startFleet(HOSTS, abort.signal, parts);
  const release = closeOnSignals(() => (abort.abort(), fleet.close()));
  try {
    await run(fleet);
  } finally {
    await fleet.close();
    release();
  }
}

async function oursAgain(fleet: Fleet): Promise<number> {
  fleet.raiseGenerations();
  const seconds = await fleet.upUntilPrepared();
  expectStates(fleet.reports, ["ok"]);
  return seconds;
}

async function plainRun(fleet: Fleet, allowed: readonly StepState[]): Promise<number> {
  let reports: StepReport[] = [];
  const seconds = await timed(async () => (reports = await plainSsh(fleet)));
  expectStates(reports, allowed);
  return seconds;
}

function expectStates(reports: readonly StepReport[], allowed: readonly StepState[]): void {
  const answered = new Set(reports.map(({ host }) => host)).size;
  if (answered !== HOSTS) throw new Error(`${answered} of ${HOSTS} host programs reported`);
  const bad = reports.find(({ state }) => !allowed.includes(state));
  if (bad) throw new Error(`${bad.host}: ${bad.step} is ${bad.state}: ${bad.stderr?.join("; ")}`);
}
