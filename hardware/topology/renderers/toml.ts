/**
 * A TOML basic string (toml.io, v1.0.0, "String"): JSON's escapes are all TOML's too; DEL must be escaped in TOML only, and
 * half of a surrogate pair is a text in neither.
 */
export function tomlString(text: string): string {
  return JSON.stringify(text)
    .replace(/\u007f/g, "\\u007F")
    .replace(/\\ud[89a-f][0-9a-f]{2}/g, "\\uFFFD");
}
