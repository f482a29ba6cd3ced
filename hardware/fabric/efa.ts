import type { AwsFacts, EfaLayout } from "../catalogue/aws/facts";
import type { HardwareProblem } from "../problem";
import type { AwsMachineType } from "../types";

/** `interface` is a plain one (ENA), `efa` has a plain one and an EFA in it, `efa-only` has no IP address. */
export type EfaInterfaceType = "interface" | "efa" | "efa-only";

/** One network interface of a launch template: NetworkCardIndex, DeviceIndex, InterfaceType. */
export interface EfaInterface {
  readonly card: number;
  readonly device: number;
  readonly type: EfaInterfaceType;
}

export interface EfaInterfaces {
  readonly layout: EfaLayout;
  /** Ordered by card and device; the first is the primary interface. */
  readonly interfaces: readonly EfaInterface[];
  /** EFAs among them, which the device plugin offers as `vpc.amazonaws.com/efa`. */
  readonly efas: number;
  /** Interfaces that have an IP address when the instance starts. */
  readonly addresses: number;
  readonly maxPods: MaxPods;
}

/**
 * How many pods get an address, without prefix delegation and with addresses from card 0 only, which is how the VPC CNI
 * gives them out unless ENABLE_MULTI_NIC is set.
 */
export interface MaxPods {
  /** Pods that really get an address. */
  readonly value: number;
  /** What nodeadm tells the kubelet; more than `value` when an `efa-only` takes a place on card 0. */
  readonly nodeadm: number;
  /**
   * Where the two differ, the `spec.kubelet.maxPodsExpression` of NodeConfig that puts it right; a fixed `maxPods` beats it,
   * and EKS writes one into managed node groups that use its images.
   */
  readonly expression?: string;
}

export interface EfaOptions {
  /** Where the type is chosen, for the problems. @default "machineType" */
  readonly path?: string;
  /**
   * Cards that get one more plain interface each, for IP bandwidth beside the EFA traffic; `documented` is AWS's own list
   * for the type. Only with `dedicated`. @default none
   */
  readonly extraInterfaces?: "documented" | readonly number[];
}

/** Either the interfaces, or every reason why they cannot be. */
export type EfaInterfacesResult =
  | { readonly plan: EfaInterfaces; readonly problems: readonly [] }
  | { readonly plan?: undefined; readonly problems: readonly HardwareProblem[] };

/**
 * awslabs/amazon-eks-ami:nodeadm/doc/examples.md@81fec2e8: for nodes with one `efa-only` on the default card.
 */
const MAX_PODS_EXPRESSION = "((default_enis - 1) * (ips_per_eni - 1)) + 2";

/**
 * The network interfaces of one instance.
 *
 * - `primary`: card 0 device 0 is an `efa`; every further card with EFA has an `efa-only` on device 1 (device 0 where one
 *   interface fits). This is what terraform-aws-modules/terraform-aws-eks@bef29c4d and eksctl-io/eksctl@99984adb6 launch.
 * - `dedicated`: card 0 device 0 is a plain interface, device 1 an `efa-only` if card 0 carries EFA; every further card
 *   with EFA has an `efa-only` on device 0. This is AWS's documentation today, see
 *   https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html.
 *
 * A card has at most one EFA, and the primary interface (0/0) is never `efa-only`.
 *
 * @param layout the type's own by default
 */
export function efaInterfaces(
  type: AwsMachineType,
  layout: EfaLayout = type.aws.layout,
  options: EfaOptions = {},
): EfaInterfacesResult {
  const extra = extraCards(type, options);
  const problems = [...layoutProblems(type, layout, options), ...extraProblems(type, layout, extra, options)];
  if (problems.length > 0 || extra === undefined) return { problems };
  const interfaces = [
    ...layOut(type.aws, layout),
    ...extra.map((card): EfaInterface => ({ card, device: 1, type: "interface" })),
  ];
  interfaces.sort((a, b) => a.card - b.card || a.device - b.device);
  return {
    plan: {
      layout,
      interfaces,
      efas: interfaces.filter((one) => one.type !== "interface").length,
      addresses: interfaces.filter((one) => one.type !== "efa-only").length,
      maxPods: maxPodsOf(type, interfaces),
    },
    problems: [],
  };
}

/**
 * Pods of an instance: addresses of card 0's interfaces less each one's own, and two for pods on the host's network
 * (awslabs/amazon-eks-ami:nodeadm/internal/kubelet/eni_max_pods.go@81fec2e8).
 *
 * @param interfaces those of the launch template; the places that are left on card 0 are filled by the VPC CNI
 */
export function maxPodsOf(type: AwsMachineType, interfaces: readonly EfaInterface[]): MaxPods {
  const { networkCards, ipv4PerInterface } = type.aws;
  const places = networkCards[0]!.interfaces;
  const withoutAddress = interfaces.filter((one) => one.card === 0 && one.type === "efa-only").length;
  const pods = (count: number) => count * (ipv4PerInterface - 1) + 2;
  const value = pods(places - withoutAddress);
  return { value, nodeadm: pods(places), ...(withoutAddress > 0 && { expression: MAX_PODS_EXPRESSION }) };
}

/** Cards the layouts put an EFA on, in order. */
function cardsWithEfa({ networkCards, efaCards }: AwsFacts): number[] {
  const able = networkCards.flatMap(({ efa }, card) => (efa ? [card] : []));
  return efaCards ? able.filter((card) => efaCards.includes(card)) : able;
}

function layOut(aws: AwsFacts, layout: EfaLayout): EfaInterface[] {
  const cards = cardsWithEfa(aws);
  const others = cards.filter((card) => card > 0);
  if (layout === "primary") {
    const device = (card: number) => (aws.networkCards[card]!.interfaces > 1 ? 1 : 0);
    return [{ card: 0, device: 0, type: "efa" }, ...others.map((card) => efaOnly(card, device(card)))];
  }
  const onCard0 = cards.includes(0) ? [efaOnly(0, 1)] : [];
  return [{ card: 0, device: 0, type: "interface" }, ...onCard0, ...others.map((card) => efaOnly(card, 0))];
}

const efaOnly = (card: number, device: number): EfaInterface => ({ card, device, type: "efa-only" });

/** Why a layout cannot be on a type. */
function layoutProblems(type: AwsMachineType, layout: EfaLayout, { path = "machineType" }: EfaOptions): HardwareProblem[] {
  const problem = (message: string, allowed: string | undefined, fix: string): HardwareProblem[] => [
    { path, value: layout, message: `${type.name}: ${message}`, ...(allowed && { allowed }), fix },
  ];
  const cards = cardsWithEfa(type.aws);
  if (type.fabric.kind !== "efa" || cards.length === 0) {
    return problem("the type has no EFA.", undefined, "Choose a type with EFA, or leave EFA off for this pool.");
  }
  if (layout === "primary" && !cards.includes(0)) {
    const why = "card 0 carries no EFA, and the primary interface is on card 0.";
    return problem(why, "dedicated", "Use the layout dedicated.");
  }
  if (layout === "dedicated" && cards.includes(0) && type.aws.networkCards[0]!.interfaces < 2) {
    const why = "one interface fits on card 0, so there is no place for an efa-only beside the primary interface.";
    return problem(why, "primary", "Use the layout primary.");
  }
  return [];
}

/** The extra cards that were asked for; undefined when the documented ones were and there are none. */
function extraCards(type: AwsMachineType, { extraInterfaces = [] }: EfaOptions): readonly number[] | undefined {
  return extraInterfaces === "documented" ? type.aws.extraInterfaceCards : extraInterfaces;
}

/** Why plain interfaces cannot be added on these cards. */
function extraProblems(
  type: AwsMachineType,
  layout: EfaLayout,
  extra: readonly number[] | undefined,
  { path = "machineType" }: EfaOptions,
): HardwareProblem[] {
  const at = `${path}.extraInterfaces`;
  if (extra === undefined) {
    const message = `${type.name}: AWS documents no cards for extra interfaces.`;
    return [{ path: at, value: "documented", message, allowed: "a list of cards", fix: "Name the cards, or leave it out." }];
  }
  if (extra.length === 0) return [];
  if (layout === "primary") {
    const message = `${type.name}: in the layout primary, device 1 of the further cards is the EFA's.`;
    return [{ path: at, value: extra, message, fix: "Use the layout dedicated, or leave extraInterfaces out." }];
  }
  const fits = type.aws.networkCards.flatMap(({ interfaces }, card) => (card > 0 && interfaces > 1 ? [card] : []));
  return extra.flatMap((card, index): HardwareProblem[] => {
    const twice = extra.indexOf(card) < index;
    if (fits.includes(card) && !twice) return [];
    const message = twice
      ? `${type.name}: card ${card} is listed twice.`
      : `${type.name}: no plain interface can be added on card ${card}${card === 0 ? ", which has the primary one" : ""}.`;
    const allowed = fits.length > 0 ? `cards ${fits.join(", ")}` : "none";
    return [{ path: `${at}[${index}]`, value: card, message, allowed, fix: "Remove the card." }];
  });
}
