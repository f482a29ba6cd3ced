import { quote } from "../../hosts/render/quote";
import { lines } from "./text";

/** Pieces for package repositories of Debian and Ubuntu. */

/** Refuses where there is no apt, and installs what fetching a key needs. */
export function aptReady(): string {
  return lines(
    "if ! have apt-get; then echo 'this distribution has no apt-get; package repositories are known for Debian and Ubuntu only' >&2; exit 1; fi",
    "if ! have curl || ! have gpg; then install_packages ca-certificates curl gnupg; fi",
  );
}

interface Repository {
  /** Bash words; may use variables of /etc/os-release. */
  readonly keyUrl: string;
  readonly line: string;
  readonly fingerprint: string;
  readonly keyring: string;
  readonly source: string;
}

/** Adds a repository whose signing key is known by fingerprint; any other key is refused before apt sees it. */
export function aptRepository({ keyUrl, fingerprint, keyring, source, line }: Repository): string {
  return lines(
    "mkdir -p /etc/apt/keyrings /etc/apt/sources.list.d",
    "key=$(mktemp)",
    "trap 'rm -f \"$key\"' EXIT",
    `curl -fsSL --connect-timeout 10 --max-time 60 -o "$key" ${keyUrl}`,
    `fingerprints=$(gpg --batch --show-keys --with-colons "$key" | awk -F: '$1 == "pub" {primary=1} $1 == "fpr" && primary {print $10; primary=0}')`,
    `if [ "$fingerprints" != ${fingerprint} ]; then echo "the repository's key is $fingerprints, not ${fingerprint}" >&2; exit 1; fi`,
    `write_file ${quote(keyring)} 0644 < "$key"`,
    `printf '%s\\n' ${line} | write_file ${quote(source)} 0644`,
    `apt-get -q update -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Dir::Etc::sourcelist=${quote(source)} -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0`,
  );
}

/** Holds for the key file that aptRepository wrote; gpg may be missing on a host that has never had one. */
export function aptKeyIs(keyring: string, fingerprint: string): string {
  return `gpg --batch --show-keys --with-colons ${quote(keyring)} 2>/dev/null | grep -q '^fpr:.*:${fingerprint}:'`;
}

/** Exactly these versions, held so that an unattended upgrade leaves them alone. */
export function aptInstall(packages: readonly string[]): string {
  const names = packages.map((each) => each.split("=")[0]!);
  return lines(`install_packages ${packages.map(quote).join(" ")}`, `apt-mark hold ${names.map(quote).join(" ")}`);
}
