/**
 * One shell word that stands for exactly `text`, in sh, bash, zsh, csh without history, and fish alike. The only place that
 * quotes: every value that travels into a script goes through here.
 *
 * @throws Error when the text holds a NUL, which no shell word can.
 */
export function quote(text: string): string {
  if (text.includes("\0")) throw new Error("a NUL character cannot stand in a shell word");
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
