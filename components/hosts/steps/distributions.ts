import { quote } from "../render/quote";

/** What steps need to know of a Linux distribution. Steps ask for a key (`distro time-service`), never for a name. */
export interface Distribution {
  /** `ID` and major `VERSION_ID` of /etc/os-release. */
  readonly id: string;
  readonly versions: readonly string[];
  /** Proven by running, or written from the vendor's documentation only. */
  readonly tested: boolean;
  readonly values: Readonly<Record<DistributionKey, string>>;
}

export type DistributionKey =
  "packages" | "time-package" | "time-service" | "munge-package" | "munge-service" | "selinux-package" | "ca-folder";

const debian = {
  packages: "deb",
  "time-package": "chrony",
  "time-service": "chrony",
  "munge-package": "munge",
  "munge-service": "munge",
  "selinux-package": "",
  "ca-folder": "/usr/local/share/ca-certificates",
};

export const distributions: readonly Distribution[] = [
  { id: "debian", versions: ["12", "13"], tested: true, values: debian },
  { id: "ubuntu", versions: ["22", "24"], tested: true, values: debian },
  {
    id: "rocky",
    versions: ["9"],
    tested: false,
    values: {
      packages: "rpm",
      "time-package": "chrony",
      "time-service": "chronyd",
      "munge-package": "munge",
      "munge-service": "munge",
      "selinux-package": "container-selinux",
      "ca-folder": "/etc/pki/ca-trust/source/anchors",
    },
  },
];

export function findDistribution(id: string, versionId: string): Distribution | undefined {
  const major = versionId.split(".")[0]!;
  return distributions.find((each) => each.id === id && each.versions.includes(major));
}

/** The table as one bash function: `distribution_value ID MAJOR KEY`; nothing and status 1 when it is not in the table. */
export function renderDistributions(): string {
  const rows = distributions.flatMap(({ id, versions, values }) =>
    Object.entries(values).map(
      ([key, value]) =>
        `    ${versions.map((version) => `${id}:${version}:${key}`).join(" | ")}) printf '%s\\n' ${quote(value)} ;;`,
    ),
  );
  return ["distribution_value() {", '  case "$1:$2:$3" in', ...rows, "    *) return 1 ;;", "  esac", "}"].join("\n");
}
