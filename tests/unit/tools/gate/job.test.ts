import type { Answer, ApiClient, Clock } from "../../../../tools/gate/client";
import { jobGate, judgeJob, type Pod } from "../../../../tools/gate/job";

const QUESTION = { job: "lammps", namespace: "work", until: "complete", owner: "uid-1", timeoutSeconds: 10 } as const;

/** A clock that only sleeping moves. */
function clock(): Clock {
  let now = 0;
  return { now: () => now, sleep: (milliseconds) => Promise.resolve(void (now += milliseconds)) };
}

function job(status: object, spec: object = {}, owner = "uid-1") {
  return { metadata: { ownerReferences: [{ uid: owner }] }, spec: { completions: 2, ...spec }, status };
}
const COMPLETE = job({ succeeded: 2, conditions: [{ type: "Complete", status: "True" }] });

/** Gives the Jobs one after the other, then the last for ever; null is a Job that is not there. */
function client(jobs: readonly (object | null)[], pods: readonly object[] = []): ApiClient & { paths: string[] } {
  const left = [...jobs];
  const paths: string[] = [];
  return {
    paths,
    call: (_method, path) => {
      paths.push(path);
      if (path.includes("/pods?")) return Promise.resolve<Answer>({ status: 200, body: { items: pods } });
      const next = left.length > 1 ? left.shift() : left[0];
      return Promise.resolve<Answer>(next ? { status: 200, body: next as Record<string, unknown> } : { status: 404, body: {} });
    },
  };
}

const pending: Pod = {
  metadata: { name: "lammps-0-abcde" },
  status: {
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/4 placements are available" }],
  },
};
const failed = (name: string): Pod => ({
  metadata: { name },
  status: { phase: "Failed", containerStatuses: [{ state: { terminated: { exitCode: 90, message: "4 tasks answered\n" } } }] },
});

describe("jobGate", () => {
  test("passes when the Job is complete, and asks for nothing but the Job and its pods", async () => {
    const api = client([null, job({ ready: 2 }), COMPLETE]);
    expect(await jobGate(QUESTION, api, clock())).toEqual({
      passed: true,
      lines: ["Job lammps is complete: 2 of 2 pods succeeded"],
    });
    expect([...new Set(api.paths)]).toEqual([
      "/apis/batch/v1/namespaces/work/jobs/lammps",
      "/api/v1/namespaces/work/pods?labelSelector=batch.kubernetes.io%2Fjob-name%3Dlammps",
    ]);
  });

  test("until started, all pods that run or are done are enough", async () => {
    const question = { ...QUESTION, until: "started" as const };
    expect(await jobGate(question, client([job({ ready: 1 }), job({ ready: 1, succeeded: 1 })]), clock())).toEqual({
      passed: true,
      lines: ["Job lammps: 1 of 2 pods run, 1 succeeded"],
    });
  });

  test("does not take the Job of an older object for the new one's", async () => {
    const old = { ...COMPLETE, metadata: { ownerReferences: [{ uid: "uid-0" }] } };
    expect(await jobGate(QUESTION, client([old]), clock())).toEqual({
      passed: false,
      lines: ["the operator has not made Job lammps in namespace work; why not is only in its log", "not complete after 10 s"],
    });
  });

  test("ends at once when the Job failed, with the pods' last words", async () => {
    const reason = { type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "Job has reached the limit" };
    const api = client([job({ conditions: [reason] })], [failed("lammps-0-a"), failed("lammps-1-b")]);
    expect(await jobGate(QUESTION, api, clock())).toEqual({
      passed: false,
      lines: [
        "Job lammps failed: BackoffLimitExceeded Job has reached the limit",
        "  lammps-0-a and 1 more: exit code 90: 4 tasks answered",
      ],
    });
    expect(api.paths).toHaveLength(2);
  });

  test("says why pods have no node when the time is over", async () => {
    expect(await jobGate(QUESTION, client([job({})], [pending]), clock())).toEqual({
      passed: false,
      lines: [
        "Job lammps: 0 of 2 pods run, 0 succeeded",
        "not complete after 10 s",
        "  lammps-0-abcde: not placed: 0/4 placements are available",
      ],
    });
  });

  test("cannot ask with credentials that may not read Jobs", async () => {
    const api: ApiClient = { call: () => Promise.resolve({ status: 403, body: {} }) };
    await expect(jobGate(QUESTION, api, clock())).rejects.toThrow(
      "the API server does not let these credentials read Jobs in namespace work (403)",
    );
  });
});

test("a Job that its queue holds back is told as such", () => {
  expect(judgeJob("lammps", job({}, { suspend: true }), [])).toEqual({
    stage: "waiting",
    line: "Job lammps is suspended: its queue has not admitted it",
    pods: [],
  });
});
