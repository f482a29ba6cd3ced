/**
 * What runs in a host's fresh namespaces before its first program: it mounts the host's root and becomes that program.
 *
 * Arguments: run id, host name, run folder, layers (overlay lower folders, upmost first), mode (`systemd` or `plain`), cgroup
 * layout (`v1` or `v2`), `cgroup.procs` files of the host's control groups (`:` between). Lines `from<TAB>to` in
 * `<run>/hosts/<host>/mounts` are bind-mounted read-only.
 */
export const bootScript = `#!/bin/bash
set -euo pipefail
run_id=$1 name=$2 run=$3 layers=$4 mode=$5 cgroups=$6 groups=$7
if [ "\${8:-}" != inside ]; then
  # Only the host's own processes may be in the groups that become its roots, so the one that waits for it outside has not joined.
  IFS=:
  for group in $groups; do echo 0 >"$group"; done
  unset IFS
  exec unshare --cgroup "$0" "$@" inside
fi
here=$run/hosts/$name
root=$here/root

hostname "$name"
# From here on no mount of ours reaches the machine.
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$layers,upperdir=$run/memory/$name/upper,workdir=$run/memory/$name/work" "$root"

# Homes of the machine are nobody's business in a host; these are as lasting as the rest of its root.
for folder in root home; do
  mkdir -p "$run/memory/$name/homes/$folder"
  mount --bind "$run/memory/$name/homes/$folder" "$root/$folder"
done

mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root/run/sshd" "$root/var/lib/turducken"
# Holds the folders of all runs.
mount -t tmpfs -o mode=755 tmpfs "$root/var/lib/turducken"

if [ "$mode" = systemd ]; then
  if [ "$cgroups" = v1 ]; then
    mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
    for hierarchy in /sys/fs/cgroup/*/; do
      hierarchy=$(basename "$hierarchy")
      case $hierarchy in
        unified) continue ;;
        systemd) options=none,name=systemd ;;
        *) options=$hierarchy ;;
      esac
      mkdir "$root/sys/fs/cgroup/$hierarchy"
      mount -t cgroup -o "$options" cgroup "$root/sys/fs/cgroup/$hierarchy"
    done
    # systemd mounts every controller of the kernel. One that this machine does not use would begin a hierarchy that all hosts share
    # and that outlives them, so hosts are told only of those in use.
    awk 'NR == 1 || $2 != 0' /proc/cgroups >"$here/cgroups"
    mount --bind "$here/cgroups" "$root/proc/cgroups"
  else
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  fi
fi

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue" "$root/dev/net"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t mqueue mqueue "$root/dev/mqueue"
ln -s pts/ptmx "$root/dev/ptmx"
for device in null zero full random urandom tty kmsg fuse net/tun; do
  [ -e "/dev/$device" ] || continue
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"

# An overlay cannot be the upper layer of an overlay, so what containerd unpacks must lie on the disk; the rest is merely big.
for folder in containerd kubelet etcd; do
  mkdir -p "$root/var/lib/$folder"
  mount --bind "$here/disk/$folder" "$root/var/lib/$folder"
done
mkdir -p "$root/var/log"
mount --bind "$here/disk/log" "$root/var/log"

while IFS=$'\\t' read -r from to; do
  [ -n "$from" ] || continue
  mkdir -p "$root$to"
  mount --rbind "$from" "$root$to"
  mount -o remount,bind,ro "$root$to"
done <"$here/mounts"

mkdir -p "$root/oldroot"
cd "$root"
# Without its own root the first program would run on the machine's: no way on.
pivot_root . oldroot || { echo "pivot_root failed"; exit 70; }
cd /
[ "$(cat /etc/turducken-lab)" = "$run_id $name" ] || { echo "this is not the root of $name"; exit 70; }
umount -l /oldroot
rmdir /oldroot

if [ ! -e /etc/.turducken-lab-first-boot-done ]; then
  # What the machine has installed and enabled, configured or learned is not this host's.
  rm -rf /etc/systemd/system/*.wants /etc/systemd/system/*.requires /etc/rc?.d /etc/kubernetes /etc/turducken /etc/netplan
  rm -rf /etc/sudoers.d/* /var/lib/cni
  mkdir -p /root/.ssh /home/admin/.ssh
  install -m 600 /etc/turducken-lab.key /root/.ssh/authorized_keys
  install -m 600 /etc/turducken-lab.key /home/admin/.ssh/authorized_keys
  chmod 700 /root /root/.ssh /home/admin /home/admin/.ssh
  chown -R admin:admin /home/admin
  printf 'admin ALL=(ALL) NOPASSWD:ALL\\n' >/etc/sudoers.d/admin
  chmod 440 /etc/sudoers.d/admin
  [ "$mode" = plain ] || ln -sf /etc/systemd/system/ssh.service /etc/systemd/system/sshd.service
  touch /etc/.turducken-lab-first-boot-done
fi
if [ "$mode" = systemd ]; then
  mkdir -p /etc/systemd/system/multi-user.target.wants
  ln -sf /etc/systemd/system/ssh.service /etc/systemd/system/multi-user.target.wants/ssh.service
fi
mount --make-rshared /

if [ "$mode" = systemd ]; then
  hierarchy=()
  # Else systemd also mounts the machine's v2 tree and makes its groups at the root of it.
  [ "$cgroups" = v2 ] || hierarchy=(systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1)
  exec env -i container=turducken-lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
    /lib/systemd/systemd --system --unit=multi-user.target --log-target=journal --show-status=false "\${hierarchy[@]}"
fi
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /usr/sbin/sshd -D -e
`;

/** Starts the boot script in the host's namespaces. Arguments: network file, control group files (one word each, `:` between), then the boot script and its arguments. */
export const startScript = `
set -eu
network=$1 groups=$2; shift 2
IFS=:
for group in $groups; do echo $$ >"$group"; done
unset IFS
exec nsenter --net="$network" unshare --uts --ipc --mount --pid --fork --kill-child "$@"
`;

/** Enters a running host. Arguments: control group files, PID of its first program, then the program to run. */
export const enterScript = `
set -eu
groups=$1 pid=$2; shift 2
IFS=:
for group in $groups; do echo $$ >"$group"; done
unset IFS
exec nsenter --target "$pid" --mount --uts --ipc --net --pid --cgroup --root --wd env -i HOME=/root LANG=C.UTF-8 \\
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
`;
