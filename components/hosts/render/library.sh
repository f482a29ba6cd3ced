# Helpers for the check and apply fragments of steps. Fragments run under `set -euo pipefail` as root, with LC_ALL=C, stdin
# closed, stdout and stderr captured.

# say TEXT…: progress on stderr; left out of a failure's message when there is anything else to show.
say() {
  printf 'turducken: %s\n' "$*" >&2
}

# have COMMAND: is this program installed?
have() {
  command -v "$1" >/dev/null 2>&1
}

# file_is PATH MODE <CONTENT: does the file hold exactly stdin, with this mode? Binary safe.
file_is() {
  [ -f "$1" ] && [ "$(stat -c %a -- "$1")" = "$(printf %o "0$2")" ] && cmp -s -- - "$1"
}

# write_file PATH MODE <CONTENT: makes it so. Readers see the old file or the new one, never half of it; an equal file is left alone.
write_file() {
  local path=$1 mode=$2 folder temporary
  folder=$(dirname -- "$path")
  mkdir -p -- "$folder"
  temporary=$(mktemp -- "$folder/.turducken.XXXXXX") || return 1
  if ! cat >"$temporary" || ! chmod -- "$mode" "$temporary"; then
    rm -f -- "$temporary"
    echo "cannot write $path: $(df -Pm -- "$folder" | awk 'NR == 2 { print $4 " MiB free in " $6 }')" >&2
    return 1
  fi
  if [ -f "$path" ] && [ "$(stat -c %a -- "$path")" = "$(printf %o "0$mode")" ] && cmp -s -- "$temporary" "$path"; then
    rm -f -- "$temporary"
  elif ! mv -f -- "$temporary" "$path"; then
    rm -f -- "$temporary"
    return 1
  fi
}

# wait_for SECONDS COMMAND…: runs it twice a second until it succeeds; its last complaint is shown when time is up.
wait_for() {
  local until=$((SECONDS + $1)) said
  local seconds=$1
  shift
  until said=$("$@" 2>&1); do
    if ((SECONDS >= until)); then
      printf 'after %s s still not: %s\n%s\n' "$seconds" "$*" "$said" >&2
      return 1
    fi
    sleep 0.5
  done
}

# secret NAME: prints a secret from the JSON line on the program's stdin. It is in no environment and no argument list; pipe it.
secret() {
  if [ -z "${SECRETS[$1]+given}" ]; then
    echo "the secret $1 was not handed to this run" >&2
    return 1
  fi
  printf %s "${SECRETS[$1]}"
}

# has_secret NAME: was it handed over? Never so in a probe, which carries no secrets.
has_secret() {
  [ -n "${SECRETS[$1]+given}" ]
}

# distro KEY: a fact about this distribution from the table in steps/distributions.ts.
distro() {
  local id version
  id=$(sed -n 's/^ID=//p' "$OS_RELEASE" | tr -d "\"'")
  version=$(sed -n 's/^VERSION_ID=//p' "$OS_RELEASE" | tr -d "\"'")
  distribution_value "$id" "${version%%.*}" "$1"
}

# package_installed NAME [VERSION]: VERSION is a prefix, as packages add their revision: 1.36.3 holds for 1.36.3-1.1.
package_installed() {
  local installed
  case $(distro packages) in
    deb) installed=$(dpkg-query -W -f '${db:Status-Status} ${Version}' -- "$1" 2>/dev/null) || return 1 ;;
    rpm) installed="installed $(rpm -q --qf '%{VERSION}-%{RELEASE}' -- "$1" 2>/dev/null)" || return 1 ;;
    *) return 1 ;;
  esac
  installed=${installed#hold }
  case $installed in
    "installed ${2:-}"*) return 0 ;;
    *) return 1 ;;
  esac
}

# install_packages NAME[=VERSION]…: from the repositories the host has. An update of the lists is tried when the first attempt fails.
install_packages() {
  local manager
  manager=$(distro packages)
  case $manager in
    deb)
      export DEBIAN_FRONTEND=noninteractive
      local apt=(apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold)
      "${apt[@]}" install --no-install-recommends --allow-change-held-packages "$@" && return 0
      "${apt[@]}" update
      "${apt[@]}" install --no-install-recommends --allow-change-held-packages "$@"
      ;;
    rpm) dnf install -y --setopt=install_weak_deps=False -- "${@//=/-}" ;;
    *)
      echo "no package manager is known for this distribution" >&2
      return 1
      ;;
  esac
}

# service_is active|enabled UNIT
service_is() {
  systemctl "is-$1" --quiet "$2" 2>/dev/null
}
