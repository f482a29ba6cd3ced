/**
 * Looks the compute adapters of a node up and writes the plugin's configuration. On a node the kernel gives an adapter its uverbs
 * number and udev its interface name, so neither can be known before. For any POSIX shell.
 *
 * In: ADAPTERS (RDMA device names), PLUGIN (verbs or shared), RESOURCE_PREFIX, RESOURCE_NAME, SHARE, SYS (the node's /sys), OUT (a
 * folder). `verbs`: OUT/config.yaml for squat/generic-device-plugin@179b1fe. `shared`: OUT/config.json for
 * Mellanox/k8s-rdma-shared-dev-plugin@948098b, which knows adapters by the first interface name of their PCI function only
 * (pkg/resources/pci_net_device.go). Every adapter that is missing is named, and then nothing is written: a node that offered the
 * others would make a job slow without a word.
 */
export const FIND_ADAPTERS = `set -eu
fail=0
uverbs_of() {
  for entry in "$SYS"/class/infiniband_verbs/uverbs*; do
    if [ -e "$entry/ibdev" ] && [ "$(cat "$entry/ibdev")" = "$1" ]; then
      echo "\${entry##*/}"
      return
    fi
  done
}
interface_of() {
  for entry in "$SYS/class/infiniband/$1/device/net"/*; do
    if [ -e "$entry" ]; then
      echo "\${entry##*/}"
      return
    fi
  done
}
here=""
for entry in "$SYS"/class/infiniband/*; do
  if [ -e "$entry" ]; then here="$here\${here:+, }\${entry##*/}"; fi
done
found=""
for adapter in $ADAPTERS; do
  if [ ! -e "$SYS/class/infiniband/$adapter" ]; then
    echo "RDMA device $adapter is not on this node; here are: \${here:-none}" >&2
    fail=1
    continue
  fi
  if [ "$PLUGIN" = verbs ]; then
    name=$(uverbs_of "$adapter")
    missing="$adapter has no uverbs file; load the kernel module ib_uverbs"
  else
    name=$(interface_of "$adapter")
    missing="$adapter has no network interface, by which the plugin finds it; load the kernel module ib_ipoib"
  fi
  if [ -z "$name" ]; then
    echo "RDMA device $missing" >&2
    fail=1
  else
    found="$found $name"
  fi
done
[ "$fail" = 0 ] || exit 1
if [ -z "$found" ]; then
  echo "no adapter was asked for" >&2
  exit 1
fi
if [ "$PLUGIN" = verbs ]; then
  {
    printf 'device:\\n  - name: %s\\n    groups:\\n      - count: %s\\n        paths:\\n' "$RESOURCE_NAME" "$SHARE"
    for file in rdma_cm $found; do
      printf '          - path: /dev/infiniband/%s\\n            permissions: rw\\n' "$file"
    done
  } > "$OUT/config.yaml"
  cat "$OUT/config.yaml"
else
  names=""
  for name in $found; do
    names="$names\${names:+,}\\"$name\\""
  done
  printf '{"periodicUpdateInterval":60,"configList":[{"resourceName":"%s","resourcePrefix":"%s","rdmaHcaMax":%s,"selectors":{"ifNames":[%s]}}]}\\n' \\
    "$RESOURCE_NAME" "$RESOURCE_PREFIX" "$SHARE" "$names" > "$OUT/config.json"
  cat "$OUT/config.json"
fi
`;
