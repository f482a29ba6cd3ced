/** Knows the secrets of a run in plain text, to find them where they must not be and to take them out of messages. */
import { walk } from "./properties";
import type { PropertyValue } from "./types";

/** Shorter values match by accident ("admin", "true"); a real secret is longer. */
const MINIMUM = 8;
/** Parts of a key, certificate or kubeconfig that mean something alone; its other lines ("server: https://…") are no secret. */
const TOKEN = /[A-Za-z0-9+/=_-]{32,}/g;

/**
 * @pulumi/command makes a connection secret as a whole (style of its schema); where a host is and which key it shows is public, and
 * stands in kubeconfigs and error messages for good reasons.
 */
const PUBLIC_PARTS = /(^|\.)(connection|proxy)\.(host|user|hostKey)$/;

export class SecretScanner {
  /** From the configuration: must not occur in plain text anywhere. */
  private readonly configured = new Map<string, string>();
  /** Learned during a run (outputs): may hold public parts such as a cluster's CA, so it is hidden but no fault. */
  private readonly learned = new Map<string, string>();

  /** `label` is how the secret is called in messages, e.g. its configuration key. */
  add(label: string, value: string): void {
    keep(this.configured, label, value);
  }

  /** Every string inside a Secret, so that outputs learned during a run are hidden like configured ones. */
  addSecretsOf(label: string, value: PropertyValue): void {
    walk(value, (each, path, secret) => {
      if (secret && typeof each === "string" && !PUBLIC_PARTS.test(path)) keep(this.learned, label, each);
    });
  }

  /** The label of a configured secret that occurs in the text. */
  find(text: string): string | undefined {
    return search(this.configured, text);
  }

  /** Whether any secret, learned ones included, occurs in the value outside a Secret. */
  shows(value: PropertyValue): boolean {
    return walk(
      value,
      (each, _path, secret) =>
        !secret && typeof each === "string" && (search(this.configured, each) ?? search(this.learned, each)) !== undefined,
    );
  }

  readonly redact = (text: string): string => {
    let result = text;
    for (const needles of [this.configured, this.learned]) {
      for (const needle of needles.keys()) if (result.includes(needle)) result = result.replaceAll(needle, "[secret]");
    }
    return result;
  };

  /** Places where a configured secret stands outside a Secret: [path of the value, label]. */
  leaks(value: PropertyValue): [string, string][] {
    const found: [string, string][] = [];
    walk(value, (each, path, secret) => {
      if (secret || typeof each !== "string") return;
      const label = this.find(each);
      if (label !== undefined) found.push([path, label]);
    });
    return found;
  }
}

/** The secret as it is, in JSON, in base64, and token by token when it has several lines. */
function keep(needles: Map<string, string>, label: string, value: string): void {
  const text = value.trim();
  if (text.length < MINIMUM) return;
  const encoded = [
    JSON.stringify(text).slice(1, -1),
    Buffer.from(text).toString("base64"),
    Buffer.from(value).toString("base64"),
  ];
  const tokens = text.includes("\n") ? (text.match(TOKEN) ?? []) : [];
  for (const form of [text, ...encoded, ...tokens]) if (!needles.has(form)) needles.set(form, label);
}

function search(needles: ReadonlyMap<string, string>, text: string): string | undefined {
  if (text.length < MINIMUM) return undefined;
  for (const [needle, label] of needles) if (text.includes(needle)) return label;
  return undefined;
}
