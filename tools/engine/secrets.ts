/** Knows the secrets of a run in plain text, to find them where they must not be and to take them out of messages. */
import { type PropertyValue, Secret } from "./types";
import { walk } from "./properties";

/** Shorter values match by accident ("admin", "true"); a real secret is longer. */
const MINIMUM = 8;

export class SecretScanner {
  private readonly needles = new Map<string, string>();

  /** `label` is how the secret is called in messages, e.g. its configuration key. */
  add(label: string, value: string): void {
    const text = value.trim();
    if (text.length < MINIMUM) return;
    const forms = [
      text,
      JSON.stringify(text).slice(1, -1),
      Buffer.from(text).toString("base64"),
      Buffer.from(value).toString("base64"),
    ];
    // A key may leak line by line. "-----BEGIN …" is in every key and says nothing.
    const lines = text.includes("\n") ? text.split("\n").map((line) => line.trim()) : [];
    for (const form of [...forms, ...lines.filter((line) => line.length >= 16 && !line.startsWith("-----"))]) {
      if (!this.needles.has(form)) this.needles.set(form, label);
    }
  }

  /** Every string inside a Secret, so that outputs learned during a run are guarded like configured ones. */
  addSecretsOf(label: string, value: PropertyValue): void {
    walk(value, (each, _path, secret) => {
      if (secret && typeof each === "string") this.add(label, each);
    });
    if (value instanceof Secret && typeof value.value === "string") this.add(label, value.value);
  }

  /** The label of a secret that occurs in the text. */
  find(text: string): string | undefined {
    if (text.length < MINIMUM) return undefined;
    for (const [needle, label] of this.needles) if (text.includes(needle)) return label;
    return undefined;
  }

  readonly redact = (text: string): string => {
    let result = text;
    for (const needle of this.needles.keys()) if (result.includes(needle)) result = result.replaceAll(needle, "[secret]");
    return result;
  };

  /** Places where a secret stands outside a Secret: [path of the value, label]. */
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
