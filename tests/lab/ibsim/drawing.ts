/** Fabrics as a person draws them, and the text that ibsim reads. */

export interface DrawnNode {
  /** Short name within the drawing, e.g. `n1/mlx5_0`, `leaf1`. */
  readonly id: string;
  readonly kind: "Switch" | "Hca";
  readonly description: string;
  readonly ports: number;
}

export interface Drawing {
  readonly nodes: readonly DrawnNode[];
  readonly cables: readonly { readonly ends: readonly [[string, number], [string, number]] }[];
}

/** Draws switch by switch and cable by cable; ports are taken in turn. */
export class Pen {
  private readonly nodes = new Map<string, DrawnNode>();
  private readonly used = new Map<string, number>();
  private readonly cables: { ends: readonly [[string, number], [string, number]] }[] = [];

  switch(id: string, description = `MF0;${id}:MQM8700/U1`): string {
    this.nodes.set(id, { id, kind: "Switch", description, ports: 40 });
    return id;
  }

  /** An adapter with one port, on a switch. */
  adapter(host: string, device: string, at: string, description = `${host} ${device}`): string {
    const id = `${host}/${device}`;
    this.nodes.set(id, { id, kind: "Hca", description, ports: 1 });
    this.cable(id, at);
    return id;
  }

  cable(a: string, b: string, times = 1): void {
    for (let time = 0; time < times; time++) this.cables.push({ ends: [this.end(a), this.end(b)] });
  }

  drawing(): Drawing {
    return { nodes: [...this.nodes.values()], cables: this.cables };
  }

  private end(id: string): [string, number] {
    const port = (this.used.get(id) ?? 0) + 1;
    this.used.set(id, port);
    return [id, port];
  }
}

/** GUIDs by the place in the drawing. Those of Mellanox begin so. */
export function guidOf({ nodes }: Drawing, id: string): string {
  const index = nodes.findIndex((node) => node.id === id);
  if (index < 0) throw new Error(`nothing is called ${id} in this drawing`);
  return `${nodes[index]!.kind === "Switch" ? "fc6a1c03" : "b83fd203"}${(0x100 * (index + 1)).toString(16).padStart(8, "0")}`;
}

/** The node as ibsim and ibnetdiscover call it, e.g. `S-fc6a1c0300000100`. */
export function nodeId(drawing: Drawing, id: string): string {
  const node = drawing.nodes.find((one) => one.id === id);
  return `${node?.kind === "Switch" ? "S" : "H"}-${guidOf(drawing, id)}`;
}

/** A net file of ibsim: the same form as ibnetdiscover's output, in the order of the drawing. */
export function netFile(drawing: Drawing): string {
  const lines = new Map<string, string[]>(drawing.nodes.map(({ id }) => [id, []]));
  for (const { ends } of drawing.cables) {
    for (const [[near, port], [far, farPort]] of [ends, [ends[1], ends[0]] as const]) {
      lines.get(near)!.push(`[${port}]\t"${nodeId(drawing, far)}"[${farPort}]`);
    }
  }
  return drawing.nodes
    .map(({ id, kind, description, ports }) => {
      const guid = guidOf(drawing, id);
      const ids = ["vendid=0x2c9", `devid=${kind === "Switch" ? "0xd2f0" : "0x101b"}`, `sysimgguid=0x${guid}`];
      const own = kind === "Switch" ? `switchguid=0x${guid}(${guid})` : `caguid=0x${guid}`;
      return [...ids, own, `${kind}\t${ports} "${nodeId(drawing, id)}"\t\t# "${description}"`, ...lines.get(id)!, ""].join("\n");
    })
    .join("\n");
}
