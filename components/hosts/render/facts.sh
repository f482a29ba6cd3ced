# What a host says about itself, as one JSON object. Reads only; needs neither root nor jq nor python. $1: name in the inventory.
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

# Values are short words of the system's own; what is not printable ASCII is dropped, so that the JSON is valid.
text() {
  local value=${1//[^ -~]/}
  value=${value//\\/\\\\}
  printf '"%s"' "${value//\"/\\\"}"
}
number() {
  local value=${1%%[^0-9]*}
  printf %s "$((10#${value:-0}))"
}
first_line() {
  local line=''
  { IFS= read -r line <"$1"; } 2>/dev/null
  printf %s "$line"
}
release() {
  local value
  value=$(sed -n "s/^$1=//p" /etc/os-release 2>/dev/null | tr -d "\"'")
  printf %s "${value:-unknown}"
}
meminfo() { awk -v key="$1:" '$1 == key { print int($2 / 1024) }' /proc/meminfo; }

addresses() {
  local address found=''
  while read -r address; do
    found+="${found:+,}$(text "${address%%/*}")"
  done < <({ ip -o addr show scope global || hostname -I | tr ' ' '\n' | sed 's/^/x x x /'; } 2>/dev/null | awk '$4 != "" { print $4 }' | sort -u)
  printf '[%s]' "$found"
}

architecture() {
  case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) uname -m ;;
  esac
}

# A cluster manager that is not ours: by process, or for Kubernetes by what an earlier one left. One in a PID namespace below this
# one manages a container (kind, rehearsals), not the host. /etc/turducken/adopted lists, one a line, what may share the machine.
foreign() {
  local file name found=' '
  local ours
  ours=$(first_line /etc/turducken/cluster)
  for file in /proc/[0-9]*/comm; do
    { read -r name <"$file"; } 2>/dev/null || continue
    case $name in
      kubelet) [ -z "$ours" ] || continue ;;
      slurmd | pbs_mom | rke2) ;;
      k3s | k3s-server | k3s-agent) name=k3s ;;
      *) continue ;;
    esac
    if ! grep -qs '^NSpid:.*[0-9].*[[:space:]][0-9]' "${file%comm}status"; then found+="$name "; fi
  done
  if [ -z "$ours" ] && [ -e /etc/kubernetes/kubelet.conf ]; then found+="kubelet "; fi
  [ ! -d /var/lib/rancher/rke2 ] || found+="rke2 "
  [ ! -d /var/lib/rancher/k3s ] || found+="k3s "
  file=''
  for name in $(tr ' ' '\n' <<<"$found" | sort -u); do
    grep -qsxF "$name" /etc/turducken/adopted || file+="${file:+,}$(text "$name")"
  done
  printf '[%s]' "$file"
}

# Days until the first kubeadm certificate expires.
certificates() {
  local file end days least=''
  command -v openssl >/dev/null || return
  for file in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt; do
    end=$(openssl x509 -noout -enddate -in "$file" 2>/dev/null) || continue
    days=$((($(date -d "${end#*=}" +%s) - $(date +%s)) / 86400))
    if [ -z "$least" ] || ((days < least)); then least=$days; fi
  done
  [ -z "$least" ] || printf ',"certificateDays":%d' "$least"
}

security() {
  selinux=disabled
  case $(first_line /sys/fs/selinux/enforce) in
    1) selinux=enforcing ;;
    0) selinux=permissive ;;
  esac
  apparmor=disabled
  [ "$(first_line /sys/module/apparmor/parameters/enabled)" != Y ] || apparmor=enabled
}

facts() {
  local sudo=false cgroup=v1 cluster selinux apparmor
  if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then sudo=true; fi
  [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ] || cgroup=v2
  cluster=$(first_line /etc/turducken/cluster)
  security
  printf '{"host":%s,"hostname":%s,"machineId":%s' "$(text "$1")" "$(text "$(uname -n)")" "$(text "$(first_line /etc/machine-id)")"
  printf ',"os":{"id":%s,"versionId":%s},"arch":%s,"kernel":%s' "$(text "$(release ID)")" "$(text "$(release VERSION_ID)")" "$(text "$(architecture)")" "$(text "$(uname -r)")"
  printf ',"sudo":%s,"clock":%s,"addresses":%s' "$sudo" "$(number "$(date +%s)")" "$(addresses)"
  printf ',"memoryMiB":%s,"cpus":%s' "$(number "$(meminfo MemTotal)")" "$(number "$(getconf _NPROCESSORS_ONLN)")"
  printf ',"diskFreeMiB":%s,"swapMiB":%s' "$(number "$(df -Pm /var/lib | awk 'END { print $4 }')")" "$(number "$(meminfo SwapTotal)")"
  printf ',"cgroup":"%s","selinux":"%s","apparmor":"%s","foreign":%s' "$cgroup" "$selinux" "$apparmor" "$(foreign)"
  [ -z "$cluster" ] || printf ',"cluster":%s' "$(text "$cluster")"
  certificates
  printf '}\n'
}
facts "$1"
