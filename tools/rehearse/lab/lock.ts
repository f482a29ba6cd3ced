import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * One lab with Kubernetes at a time, because a kubelet changes settings of the whole machine.
 *
 * The lock is a real flock(2), held by a child that ends when our end of its stdin closes: however this process ends, the kernel
 * gives the lock back, so there is no stale lock to judge. The file beside it only tells a waiting user whose it is.
 */
export interface MachineLock {
  release(): Promise<void>;
}

export interface LockOptions {
  readonly folder: string;
  readonly runId: string;
  readonly waitSeconds: number;
  readonly onWait?: (message: string) => void;
}

export async function takeMachineLock(options: LockOptions): Promise<MachineLock> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const file = join(options.folder, "lab.lock");
  const holderFile = join(options.folder, "lab.lock.holder");
  const first = await tryLock(file, 0);
  if (!first) options.onWait?.(`another lab runs on this machine (${readHolder(holderFile)}); waiting for it`);
  const child = first ?? (await tryLock(file, options.waitSeconds));
  if (!child) {
    throw new Error(
      `another lab runs on this machine (${readHolder(holderFile)}) and did not end within ${options.waitSeconds} s; wait for it or end that process`,
    );
  }
  writeFileSync(holderFile, `run ${options.runId}, process ${process.pid}`);
  return {
    release: async () => {
      if (child.exitCode !== null) return;
      rmSync(holderFile, { force: true });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.ref();
      child.stdin?.end();
      await ended;
    },
  };
}

function tryLock(file: string, waitSeconds: number): Promise<ChildProcess | undefined> {
  const wait = waitSeconds === 0 ? ["--nonblock"] : ["--timeout", String(waitSeconds)];
  return new Promise((resolve, reject) => {
    const child = spawn("flock", [...wait, file, "sh", "-c", "echo held; exec cat >/dev/null"], {
      stdio: ["pipe", "pipe", "ignore"],
      // Ctrl-C reaches the whole foreground group; the lock must outlive it until the lab is closed.
      detached: true,
    });
    child.once("error", reject);
    child.once("exit", () => resolve(undefined));
    child.stdout?.once("data", () => {
      // The lock alone does not keep this process running.
      child.stdout?.destroy();
      child.unref();
      resolve(child);
    });
  });
}

function readHolder(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "its run is just starting or ending";
  }
}
