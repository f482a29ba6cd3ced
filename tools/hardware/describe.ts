/** A machine type as plain data for `turducken hardware show --json`. Field names are an interface: scripts read them. */
import type { HardwareProblem } from "../../hardware/problem";
import { efaInterfaces, type EfaInterface, type EfaInterfacesResult } from "../../hardware/fabric/efa";
import type { EfaLayout } from "../../hardware/catalogue/aws/facts";
import { poolOffer, type PoolOffer } from "../../hardware/offers";
import type { AwsMachineType, MachineType } from "../../hardware/types";

/** What one layout of EFA interfaces gives, or why it cannot be on this type. */
export interface LayoutDescription {
  readonly interfaces?: readonly EfaInterface[];
  readonly efas?: number;
  /** Interfaces with an IP address when the instance starts. */
  readonly addresses?: number;
  /** Pods that really get an address. */
  readonly maxPods?: number;
  /** What nodeadm would say; higher than `maxPods` where an `efa-only` takes a place on card 0. */
  readonly nodeadmMaxPods?: number;
  readonly maxPodsExpression?: string;
  readonly problems?: readonly HardwareProblem[];
}

/** Only AWS types have cards and layouts. */
export interface EfaDescription extends LayoutDescription {
  /** Cards of the machine, and those of them that can carry an EFA. */
  readonly networkCards: number;
  readonly efaCards: number;
  readonly cards: readonly { readonly card: number; readonly interfaces: number; readonly efa: boolean }[];
  /** The layout that `interfaces` and `maxPods` are of. */
  readonly layout: EfaLayout;
  readonly layouts: Readonly<Record<EfaLayout, LayoutDescription>>;
}

export type HardwareDescription = MachineType & {
  /** CPUs as Kubernetes counts them. */
  readonly cpus: number;
  /** What the fabric carries, all ports together, in Gbit/s; absent where no source says. */
  readonly gbps?: number;
} & Partial<EfaDescription> & { readonly offer: PoolOffer; readonly warnings: readonly HardwareProblem[] };

/**
 * @param layout @default the type's own
 * @returns `problems` when the layout cannot be on this type; the description is then that of the type's own layout
 */
export function describeType(
  type: MachineType,
  layout?: EfaLayout,
): { readonly description: HardwareDescription; readonly problems: readonly HardwareProblem[] } {
  const { offer, warnings } = poolOffer(type);
  const efa = type.provider === "aws" ? describeEfa(type, layout) : undefined;
  return {
    description: { ...type, cpus: type.cores * type.threadsPerCore, gbps: gbpsOf(type), ...efa?.description, offer, warnings },
    problems: efa?.problems ?? (layout === undefined ? [] : [noLayouts(type, layout)]),
  };
}

/** All ports that carry a job's messages together, in Gbit/s; storage adapters do not count. Undefined where no source says. */
export function gbpsOf(type: MachineType): number | undefined {
  const { fabric } = type;
  if (type.provider === "aws") return type.aws.networkGbps;
  if (type.provider === "gcp" && type.gcp.bandwidthGbps !== undefined) return type.gcp.bandwidthGbps;
  if (fabric.rateGbps === undefined) return undefined;
  const hcas = "hcas" in fabric ? fabric.hcas.filter(({ use }) => use === "compute").length : 0;
  return fabric.rateGbps * (hcas || ("interfaces" in fabric && fabric.interfaces) || 1);
}

function describeEfa(
  type: AwsMachineType,
  asked: EfaLayout | undefined,
): { readonly description: EfaDescription; readonly problems: readonly HardwareProblem[] } {
  const cards = type.aws.networkCards.map(({ interfaces, efa }, card) => ({ card, interfaces, efa }));
  const results: Record<EfaLayout, EfaInterfacesResult> = {
    primary: efaInterfaces(type, "primary"),
    dedicated: efaInterfaces(type, "dedicated"),
  };
  const layout = asked !== undefined && results[asked].plan ? asked : type.aws.layout;
  const description = {
    networkCards: cards.length,
    efaCards: cards.filter(({ efa }) => efa).length,
    cards,
    layout,
    ...describeLayout(results[layout]),
    layouts: { primary: describeLayout(results.primary), dedicated: describeLayout(results.dedicated) },
  };
  return { description, problems: asked === undefined ? [] : results[asked].problems };
}

function describeLayout({ plan, problems }: EfaInterfacesResult): LayoutDescription {
  if (!plan) return { problems };
  const { interfaces, efas, addresses, maxPods } = plan;
  return {
    interfaces,
    efas,
    addresses,
    maxPods: maxPods.value,
    nodeadmMaxPods: maxPods.nodeadm,
    ...(maxPods.expression === undefined ? {} : { maxPodsExpression: maxPods.expression }),
  };
}

function noLayouts(type: MachineType, layout: EfaLayout): HardwareProblem {
  return {
    path: "--layout",
    value: layout,
    message: `Only machine types of AWS have layouts of interfaces; ${type.name} is of ${type.provider}.`,
    fix: "Leave --layout out.",
  };
}
