import { pathText } from "../../config/path";
import type { Problem } from "../../config/problems";

export type Place = readonly PropertyKey[];

/** Collects what is wrong with one object; places count from the object's root. */
export class Check {
  readonly problems: Problem[] = [];

  constructor(private readonly root: string) {}

  /** Notes the problem when `wrong`. */
  when(wrong: boolean, at: Place, problem: Omit<Problem, "path">): void {
    if (wrong) this.problems.push({ path: pathText(this.root, at), ...problem });
  }
}

/** RFC 1123 label: names of containers, volumes and namespaces. */
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** RFC 1035 label: names of Services. */
const SERVICE = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** RFC 1123 subdomain: names of most objects. */
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(|[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;
const LABEL_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

export const isLabel = (name: string) => LABEL.test(name);
export const isServiceName = (name: string) => SERVICE.test(name);
export const isSubdomain = (name: string) => SUBDOMAIN.test(name);
export const isLabelValue = (value: string) => LABEL_VALUE.test(value);

export const LABEL_WORDS = "small letters, digits and `-`, a letter or digit first and last, at most 63 characters";
export const SERVICE_WORDS = "small letters, digits and `-`, a letter first, a letter or digit last, at most 63 characters";

/** `name` or `prefix/name`, as keys of labels and annotations are (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/). */
export function isLabelKey(key: string): boolean {
  const [name, prefix, ...more] = key.split("/").reverse();
  return more.length === 0 && LABEL_NAME.test(name ?? "") && (prefix === undefined || isSubdomain(prefix));
}

/** Names of environment variables (kubernetes/apimachinery:pkg/util/validation IsRelaxedEnvVarName). */
export const isVariable = (name: string) => /^[\x20-\x3c\x3e-\x7e]+$/.test(name);
