import type { Problem } from "../../components/config/problems";

/** A warning on one line. */
export function printWarning({ path, value, message, fix }: Problem): string {
  return `warning: ${path}${value === undefined ? "" : ` = ${JSON.stringify(value)}`}: ${message}; do: ${fix}`;
}
