#!/usr/bin/env bash
# Installs the Debian packages that tests and the rehearsal run as judges and parts. Needs root; elsewhere it says what is
# missing and goes on, and what needs the packages is skipped with that reason.
set -euo pipefail

# program → package
declare -A wanted=(
  [sshd]=openssh-server [ssh]=openssh-client [ip]=iproute2 [shellcheck]=shellcheck [scontrol]=slurm-client [slurmctld]=slurmctld
  [iptables]=iptables [nsenter]=util-linux [apt-get]=apt [dpkg]=dpkg [curl]=curl [faketime]=faketime
  [python3]=python3 [ibsim]=ibsim-utils [ibnetdiscover]=infiniband-diags
)
missing=()
for program in "${!wanted[@]}"; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null 2>&1 || missing+=("${wanted[$program]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "setup: not installed here: ${missing[*]}"
  echo "setup: as root on Debian: apt-get install --no-install-recommends ${missing[*]}"
  exit 0
fi
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# Nothing that a package starts is wanted on this machine: the rehearsal starts its own, inside its own hosts.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
