/** Plan mode: nothing is done. Creates are answered with their inputs (everything else is unknown), lookups are unknown and listed. */
import { type Answer, type Answerer, type ProgramOptions, type ReadRequest, runProgram, scannerFor } from "./program";
import {
  type Diagnostic,
  type GraphResource,
  type ProgramResult,
  type ProgramRun,
  type PropertyMap,
  type PropertyValue,
  Secret,
  Unknown,
} from "./types";
import { hasSecret, placeholderFor, transform } from "./properties";
import type { SecretScanner } from "./secrets";

export const STACK_REFERENCE = "pulumi:pulumi:StackReference";

/** Outputs of another stack, secrets as Secret; undefined when there is no such stack. */
export type StackResolver = (fullName: string) => Promise<PropertyMap | undefined>;

export interface PlanOptions extends ProgramOptions {
  readonly resolveStack?: StackResolver;
}

/** Runs the program as a preview of a stack that does not exist yet. */
export async function planProgram(run: ProgramRun, options: PlanOptions = {}): Promise<ProgramResult> {
  const scanner = options.scanner ?? scannerFor(run);
  const answerer = new PlanAnswerer(options.resolveStack ?? (async () => undefined), scanner);
  const result = await runProgram({ ...run, dryRun: true }, answerer, { ...options, scanner });
  return { ...result, diagnostics: [...result.diagnostics, ...answerer.diagnostics] };
}

class PlanAnswerer implements Answerer {
  readonly diagnostics: Diagnostic[] = [];

  constructor(
    private readonly resolveStack: StackResolver,
    private readonly scanner: SecretScanner,
  ) {}

  async register(resource: GraphResource): Promise<Answer> {
    return { outputs: resource.inputs };
  }

  outputs(): void {}

  async read(request: ReadRequest): Promise<Answer> {
    if (request.type === STACK_REFERENCE) return this.reference(request);
    this.diagnostics.push({
      severity: "warning",
      message: `${request.name} (${request.type}) is read from outside; unknown in a plan`,
      urn: request.urn,
    });
    return { id: request.id, outputs: request.inputs };
  }

  private async reference(request: ReadRequest): Promise<Answer> {
    const name = String(request.inputs.name ?? request.name);
    const outputs = await this.resolveStack(name);
    if (outputs !== undefined) {
      const known = withPlaceholders(name, outputs);
      this.scanner.addSecretsOf(`output of ${name}`, known);
      for (const [key, value] of Object.entries(known)) {
        if (value instanceof Secret && typeof value.value === "string") this.scanner.add(`output ${key} of ${name}`, value.value);
      }
      return { id: name, outputs: stackReferenceOutputs(name, known) };
    }
    this.diagnostics.push({
      severity: "warning",
      message: `the stack ${name} cannot be planned from here; its outputs are unknown`,
      urn: request.urn,
    });
    return { id: name, outputs: { name, outputs: new Unknown(), secretOutputNames: new Unknown() } };
  }

  async invoke(token: string): Promise<{ outputs: PropertyMap }> {
    this.diagnostics.push({ severity: "warning", message: `the lookup ${token} is not made in a plan; its result is unknown` });
    return { outputs: {} };
  }
}

function withPlaceholders(name: string, outputs: PropertyMap): PropertyMap {
  const stand = (key: string, value: PropertyValue): PropertyValue =>
    transform(value, (each) => (each instanceof Unknown ? placeholderFor(`output ${key} of ${name}`) : each));
  return Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, stand(key, value)]));
}

/** A StackReference's outputs: a secret anywhere in an output makes that output secret (pulumi/pulumi:pkg/resource/deploy/builtins.go). */
export function stackReferenceOutputs(name: string, outputs: PropertyMap): PropertyMap {
  const secretOutputNames = Object.keys(outputs)
    .filter((key) => hasSecret(outputs[key]!))
    .sort();
  const wrapped = Object.fromEntries(
    Object.entries(outputs).map(([key, value]) => [
      key,
      hasSecret(value) && !(value instanceof Secret) ? new Secret(value) : value,
    ]),
  );
  return { name, outputs: wrapped, secretOutputNames };
}
