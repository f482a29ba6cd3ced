/** A provider that only remembers what it was asked to do. */
import {
  PartialFailure,
  type OperationContext,
  type PlainInputs,
  type PlainState,
  type ResourceProvider,
} from "../../../../tools/engine/types";

export class ToyProvider implements ResourceProvider {
  /** `create a`, `delete a`, … in the order in which they began, and `created a` … in which they ended. */
  readonly calls: string[] = [];
  readonly contexts: OperationContext[] = [];
  /** Names of toys → what goes wrong with the next create, update or delete. */
  readonly failing = new Map<string, string>();
  readonly partial = new Set<string>();
  /** Most operations that ran at the same time. */
  busiest = 0;
  closed = false;
  private busy = 0;

  constructor(private readonly onCreate: (name: string) => Promise<void> = () => Promise.resolve()) {}

  readonly handles = (type: string): boolean => type === "toy:index:Toy";

  async diff(_type: string, olds: PlainState, news: PlainInputs) {
    const properties = Object.keys({ ...olds.inputs, ...news }).filter(
      (key) => JSON.stringify(olds.inputs[key]) !== JSON.stringify(news[key]),
    );
    const replaces = properties.includes("value") && String(news["value"]).startsWith("new");
    return {
      kind: properties.length === 0 ? ("none" as const) : replaces ? ("replace" as const) : ("update" as const),
      properties,
    };
  }

  async create(_type: string, _urn: string, inputs: PlainInputs, context: OperationContext) {
    return this.doing("create", context, async () => {
      await this.onCreate(context.name);
      const state = {
        id: `${context.name}-${this.calls.length}`,
        outputs: { ...inputs, echo: `${context.name}=${String(inputs["secret"] ?? inputs["value"] ?? "")}` },
      };
      if (this.partial.delete(context.name)) throw new PartialFailure("never became ready", state);
      return state;
    });
  }

  async update(_type: string, _urn: string, _olds: PlainState, news: PlainInputs, context: OperationContext) {
    return this.doing("update", context, async () => ({
      outputs: { ...news, echo: `${context.name}=${String(news["secret"] ?? news["value"] ?? "")}` },
    }));
  }

  async delete(_type: string, _urn: string, _olds: PlainState, context: OperationContext): Promise<void> {
    await this.doing("delete", context, async () => undefined);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private async doing<T>(verb: string, context: OperationContext, work: () => Promise<T>): Promise<T> {
    this.calls.push(`${verb} ${context.name}`);
    this.contexts.push(context);
    this.busiest = Math.max(this.busiest, ++this.busy);
    try {
      await new Promise((resolve) => setTimeout(resolve, 10));
      const why = this.failing.get(context.name);
      if (why !== undefined) throw new Error(why);
      return await work();
    } finally {
      this.busy--;
    }
  }
}
