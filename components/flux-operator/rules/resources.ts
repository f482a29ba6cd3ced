import { quantity } from "../../gang/fit";
import type { MiniClusterContainer } from "../model/container";
import { isSubdomain, type Check, type Place } from "./check";

const PLAIN = ["cpu", "memory", "ephemeral-storage"];
type Amounts = Readonly<Record<string, string | number>>;

/** Amounts as the API server checks them in a pod; the operator's Job would be refused, or its pods (kubernetes/kubernetes:pkg/apis/core/validation/validation.go). */
export function checkResources(resources: MiniClusterContainer["resources"], at: Place, check: Check): void {
  const { limits = {}, requests = {} } = resources ?? {};
  for (const [field, amounts] of Object.entries({ limits, requests })) {
    for (const [name, amount] of Object.entries(amounts)) checkAmount(name, amount, [...at, field, name], check);
  }
  for (const [name, amount] of Object.entries(requests)) checkPair(name, amount, limits[name], [...at, "requests", name], check);
  checkHugePages(limits, requests, at, check);
}

function checkAmount(name: string, amount: string | number, at: Place, check: Check): void {
  const [domain, device, ...more] = name.split("/");
  const named =
    device !== undefined && more.length === 0 && isSubdomain(domain ?? "") && /^[A-Za-z0-9][-A-Za-z0-9_.]*$/.test(device);
  check.when(!PLAIN.includes(name) && !isHugePages(name) && !named, at, {
    value: amount,
    message: "There is no such resource.",
    allowed: `${PLAIN.join(", ")}, hugepages-<size>, or <domain>/<device>`,
    fix: "Correct the name.",
  });
  check.when(String(amount).startsWith("-"), at, {
    value: amount,
    message: "It is less than nothing.",
    fix: "Write an amount.",
  });
  const number = quantity(String(amount));
  check.when(named && number !== undefined && !Number.isInteger(number), at, {
    value: amount,
    message: "Devices are whole.",
    allowed: "a whole number",
    fix: "Write how many.",
  });
}

function checkPair(name: string, request: string | number, limit: string | number | undefined, at: Place, check: Check): void {
  const [asked, most] = [quantity(String(request)), limit === undefined ? undefined : quantity(String(limit))];
  const whole = !PLAIN.includes(name);
  check.when(asked !== undefined && most !== undefined && (whole ? asked !== most : asked > most), at, {
    value: request,
    message: whole
      ? `It differs from the limit (${limit}), which devices and huge pages must not.`
      : `It is more than the limit (${limit}).`,
    allowed: whole ? String(limit) : `at most ${limit}`,
    fix: "Make both equal.",
  });
  check.when(whole && limit === undefined, at, {
    value: request,
    message: "Devices and huge pages need a limit, equal to the request.",
    fix: "Add it to `limits`.",
  });
}

function checkHugePages(limits: Amounts, requests: Amounts, at: Place, check: Check): void {
  const asked = { ...limits, ...requests };
  const pages = Object.keys(asked).find(isHugePages);
  check.when(pages !== undefined && !("cpu" in asked) && !("memory" in asked), [...at, "limits", pages ?? ""], {
    value: asked[pages ?? ""],
    message: "Huge pages alone are refused.",
    fix: "Add cpu or memory.",
  });
}

function isHugePages(name: string): boolean {
  return /^hugepages-\d+(Ki|Mi|Gi)$/.test(name);
}
