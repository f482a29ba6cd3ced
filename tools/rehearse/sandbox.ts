import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { encryptSecret } from "../config/write-secret";
import type { StackConfig } from "./overrides";
import { builtinBackend } from "./backends/builtin";
import { pulumiBackend } from "./backends/pulumi";
import type { BackendSettings } from "./backends/types";
import { execute } from "./lab";
import type { Sandbox } from "./sandbox-types";

export interface SandboxOptions {
  /** Folder of this run; the sandbox is made in `<folder>/sandbox`. */
  readonly folder: string;
  readonly repository: string;
  readonly project?: string;
  readonly engine: "builtin" | "pulumi";
  /** Stack → configuration, keys without the project; values of `secrets` are encrypted. */
  readonly stacks: Readonly<Record<string, StackConfig>>;
  /** Stack → names of secret keys in its configuration. */
  readonly secrets: Readonly<Record<string, readonly string[]>>;
  readonly redact: (text: string) => string;
  readonly onOperation: BackendSettings["onOperation"];
  readonly signal: AbortSignal;
}

/**
 * A project of its own: copied stack files, and a program folder that hands on to the repository's stacks. Whatever the programs
 * write beside themselves (host programs) lands here, not in the user's checkout.
 */
export async function makeSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { repository, project = "turducken" } = options;
  const folder = join(options.folder, "sandbox");
  mkdirSync(join(folder, "program"), { recursive: true });
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    stringify({
      name: project,
      runtime: { name: "nodejs", options: { tsconfig: "../tsconfig.pulumi.json" } },
      main: "program",
      stackConfigDir: ".",
    }),
  );
  writeFileSync(
    join(folder, "program", "index.ts"),
    `module.exports = require(${JSON.stringify(join(repository, "stacks"))});\n`,
  );
  for (const shared of ["node_modules", "bin", "tsconfig.json", "tsconfig.pulumi.json", "package.json"])
    symlinkSync(join(repository, shared), join(folder, shared));
  const stackFile = (stack: string) => join(folder, `Pulumi.${stack}.yaml`);
  const passphrase = randomBytes(18).toString("base64url");
  for (const [stack, config] of Object.entries(options.stacks)) {
    const names = options.secrets[stack] ?? [];
    const plain = Object.fromEntries(
      Object.entries(config)
        .filter(([key]) => !names.includes(key))
        .map(([key, value]) => [`${project}:${key}`, value]),
    );
    writeFileSync(stackFile(stack), stringify({ config: plain }, { lineWidth: 0 }));
    for (const name of names) await encryptSecret(stackFile(stack), `${project}:${name}`, config[name] as string, passphrase);
  }
  const environment = { PULUMI_CONFIG_PASSPHRASE: passphrase };
  const make = options.engine === "pulumi" ? pulumiBackend : builtinBackend;
  const backend = await make({ ...options, project, folder, passphrase, environment });
  const read = (stack: string): StackConfig => {
    const { config } = parse(readFileSync(stackFile(stack), "utf8")) as { config: Record<string, unknown> };
    return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(`${project}:`, ""), value]));
  };
  return {
    folder,
    stackFile,
    checkpointFile: backend.checkpointFile,
    read,
    edit: (stack, change) => {
      const config = read(stack);
      change(config);
      const file = parse(readFileSync(stackFile(stack), "utf8")) as Record<string, unknown>;
      file.config = Object.fromEntries(Object.entries(config).map(([key, value]) => [`${project}:${key}`, value]));
      writeFileSync(stackFile(stack), stringify(file, { lineWidth: 0 }));
    },
    up: backend.up,
    destroy: backend.destroy,
    programFiles: () => readPrograms(join(folder, "program", ".turducken")),
    turducken: (argv) =>
      execute([process.execPath, join(repository, "bin", "turducken.js"), ...argv], {
        cwd: folder,
        env: { ...process.env, ...environment },
        timeoutSeconds: 300,
      }),
  };
}

function readPrograms(folder: string): Record<string, string> {
  const stacks = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return Object.fromEntries(
    stacks.flatMap(({ name }) =>
      readdirSync(join(folder, name)).map((file) => [`program ${name}/${file}`, readFileSync(join(folder, name, file), "utf8")]),
    ),
  );
}
