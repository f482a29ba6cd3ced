import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Why the lab cannot run here; empty when it can. */
export function missingForLabTests(programs: readonly string[]): string[] {
  const reasons: string[] = [];
  if (process.platform !== "linux") reasons.push("this is not Linux");
  if (process.getuid?.() !== 0) reasons.push("not root");
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  for (const program of programs)
    if (!folders.some((folder) => existsSync(join(folder, program)))) reasons.push(`${program} is not installed`);
  return reasons;
}

/** `describe` where the lab can run; elsewhere the tests count as skipped and the reason is printed. */
export function labDescribe(title: string, programs: readonly string[], body: () => void): void {
  const reasons = missingForLabTests(["ip", "nsenter", "sshd", ...programs]);
  if (reasons.length === 0) {
    describe(title, body);
    return;
  }
  console.warn(`skipped: ${title}: ${reasons.join("; ")}`);
  describe.skip(title, body);
}
