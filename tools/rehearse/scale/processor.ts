import { readFileSync } from "node:fs";

/** Linux counts processor time for /proc in hundredths of a second on every architecture (USER_HZ, proc(5)). */
const TICKS_PER_SECOND = 100;

/** Processor time that a process has used so far, all threads, user and system. */
export function processorSeconds(pid: number): number {
  return secondsOfStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/** From the text of `/proc/<pid>/stat`: fields 14 and 15. The second field, a name in parentheses, may have blanks itself. */
export function secondsOfStat(text: string): number {
  const [user, system] = text.slice(text.lastIndexOf(")") + 2).split(" ").slice(11, 13).map(Number); // prettier-ignore
  return (user! + system!) / TICKS_PER_SECOND;
}
