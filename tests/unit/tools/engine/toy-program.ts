/** The fixture program `toys` without a child process: registers the same resources in the same order, as fast as answers come. */
import type { Answer, Answerer, ProgramOptions } from "../../../../tools/engine/program";
import {
  type GraphResource,
  type ProgramResult,
  type ProgramRun,
  type PropertyMap,
  type PropertyValue,
  Secret,
  Unknown,
} from "../../../../tools/engine/types";
import { makeUrn } from "../../../../tools/engine/urn";

export interface ToySpec {
  readonly name: string;
  readonly value?: unknown;
  readonly secret?: string;
  readonly after?: readonly string[];
  readonly from?: string;
  readonly provider?: string;
  readonly kind?: string;
  readonly aliases?: readonly string[];
  readonly options?: Partial<Record<"protect" | "retainOnDelete" | "deleteBeforeReplace", boolean>> & {
    readonly ignoreChanges?: readonly string[];
    readonly replaceOnChanges?: readonly string[];
    readonly deletedWith?: string;
  };
}

export async function runToys(run: ProgramRun, answerer: Answerer, options: ProgramOptions = {}): Promise<ProgramResult> {
  const resources: GraphResource[] = [];
  const urn = (type: string, name: string): string => makeUrn(run.stack, run.project, undefined, type, name);
  const stack = urn("pulumi:pulumi:Stack", `${run.project}-${run.stack}`);
  const register = async (resource: GraphResource): Promise<Answer> => {
    resources.push(resource);
    return answerer.register(resource, true);
  };
  const program = async (): Promise<void> => {
    await register(plainResource(stack, "pulumi:pulumi:Stack", `${run.project}-${run.stack}`, false));
    const toys = JSON.parse(run.config["fixture:toys"]!) as ToySpec[];
    const boxes = JSON.parse(run.config["fixture:boxes"] ?? "{}") as Record<string, PropertyMap>;
    const providers: Record<string, string> = {};
    for (const [name, inputs] of Object.entries(boxes)) {
      const box = { ...plainResource(urn("pulumi:providers:toy", name), "pulumi:providers:toy", name), parent: stack, inputs };
      providers[name] = `${box.urn}::${(await register(box)).id}`;
    }
    const kinds = new Map(toys.map((toy) => [toy.name, `toy:index:${toy.kind ?? "Toy"}`]));
    const urnOf = (name: string): string => urn(kinds.get(name) ?? "toy:index:Toy", name);
    const answers = new Map<string, Promise<Answer>>();
    for (const toy of toys) {
      const work = async (): Promise<Answer> => {
        for (const name of toy.after ?? []) await answers.get(name);
        const from = toy.from === undefined ? undefined : await answers.get(toy.from);
        const type = kinds.get(toy.name)!;
        const base = plainResource(urn(type, toy.name), type, toy.name);
        const aliases = (toy.aliases ?? []).map((name) => urn(type, name));
        const deletedWith = toy.options?.deletedWith === undefined ? undefined : urnOf(toy.options.deletedWith);
        return register({
          ...base,
          parent: stack,
          provider: toy.provider === undefined ? undefined : providers[toy.provider],
          dependsOn: [...(toy.after ?? []), ...(toy.from === undefined ? [] : [toy.from])].map(urnOf),
          propertyDependencies: toy.from === undefined ? {} : { from: [urnOf(toy.from)] },
          inputs: inputsOf(toy, from, run),
          options: { ...base.options, ...toy.options, aliases, deletedWith },
        });
      };
      answers.set(toy.name, work());
    }
    const echoes: PropertyMap = {};
    for (const [name, answer] of answers) echoes[name] = (await answer).outputs.echo ?? new Unknown();
    answerer.outputs(stack, { echoes });
  };
  const aborted = new Promise<number>((resolve) => options.signal?.addEventListener("abort", () => resolve(130), { once: true }));
  const exitCode = await Promise.race([program().then(() => 0), aborted]);
  return { exitCode, resources, outputs: {}, diagnostics: [] };
}

function inputsOf(toy: ToySpec, from: Answer | undefined, run: ProgramRun): PropertyMap {
  const inputs: PropertyMap = {};
  if (toy.value !== undefined) inputs.value = toy.value as PropertyValue;
  if (toy.secret !== undefined) inputs.secret = new Secret(run.config[`fixture:${toy.secret}`]!);
  if (from !== undefined) inputs.from = from.outputs.echo ?? new Unknown();
  return inputs;
}

function plainResource(urn: string, type: string, name: string, custom = true): GraphResource {
  return {
    urn,
    type,
    name,
    custom,
    dependsOn: [],
    propertyDependencies: {},
    inputs: {},
    options: {
      protect: false,
      deleteBeforeReplace: false,
      retainOnDelete: false,
      ignoreChanges: [],
      replaceOnChanges: [],
      additionalSecretOutputs: [],
      aliases: [],
    },
  };
}
