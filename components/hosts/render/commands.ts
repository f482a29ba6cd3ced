import { createHash } from "node:crypto";
import type { HostSpec, Phase } from "../types";
import { quote } from "./quote";

/**
 * A host's program as it is copied. The generation stands in it, so raising it changes the hash, and with it the copy and every
 * command that names the hash: all of this host is done again, and nothing of any other.
 */
export function programFile(program: string, generation: number): { text: string; sha256: string } {
  const text = `${program}# generation ${generation}\n`;
  return { text, sha256: sha256(text) };
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Where the program lies on the host; relative to the home of the SSH user. */
export const remoteProgram = (cluster: string, host: string): string => `.turducken-${cluster}-${host}.sh`;

/**
 * One line that runs a phase of the copied program as root. It refuses a file that is not the one this run copied: a command may
 * run long after the copy. Single line and no `!`, so that any login shell passes it on.
 */
export function phaseCommand(cluster: string, host: string, sha256: string, phase: Phase): string {
  const script = [
    `f=$HOME/${quote(remoteProgram(cluster, host))}`,
    `echo "${sha256}  $f" | sha256sum -c --status || { echo ${quote(`${host}: ${phase}: not the program that was copied. do: raise the generation of ${host} (turducken probe --mark) and run up again`)} >&2; exit 1; }`,
    `if [ "$(id -u)" = 0 ]; then exec bash "$f" ${phase} apply; fi`,
    `exec sudo -n bash "$f" ${phase} apply`,
  ].join("; ");
  return `bash -c ${quote(script)}`;
}

/** A script of its own, run as root on a host. Its stdin stays free for secrets. Names host and generation for the reader. */
export function textCommand(script: string, host: Pick<HostSpec, "name" | "generation">): string {
  const asRoot = `if [ "$(id -u)" = 0 ]; then exec bash -c "$1"; fi; exec sudo -n bash -c "$1"`;
  return `bash -c ${quote(asRoot)} ${quote(`for ${host.name}`)} ${quote(`set -euo pipefail\n${script}`)} # generation ${host.generation}`;
}

/**
 * Runs the facts script, which comes on stdin, packed (`packedFactsScript`): any login shell will do, and an error does not print
 * the script. base64 and gzip are part of every distribution's minimal installation.
 */
export function factsCommand(host: Pick<HostSpec, "name" | "generation">): string {
  return `base64 -d | gzip -d | bash -s -- ${quote(host.name)} # generation ${host.generation}`;
}
