import { quote } from "../../hosts/render/quote";
import type { HostRole, Step } from "../../hosts/types";
import type { KubernetesSettings } from "../settings";
import { lines } from "./text";

/** Only control planes run these; on a worker their archives are not unpacked. */
const CONTROL_PLANE_ONLY = "*/kube-apiserver:*|*/kube-controller-manager:*|*/kube-scheduler:*|*/etcd:*";

/** Image archives of a folder on the host, for sites without a registry. All must be there before kubeadm looks for them. */
export function imageSteps(role: HostRole, settings: KubernetesSettings): Step[] {
  const folder = settings.images?.directory;
  if (!folder) return [];
  const functions = imageFunctions(role, folder);
  return [
    {
      id: "images-import",
      title: `containerd has the images of ${folder}`,
      check: lines(functions, `[ -d ${quote(folder)} ] && [ -z "$(missing_archives)" ]`),
      apply: lines(
        functions,
        `if [ ! -d ${quote(folder)} ]; then echo ${quote(`there is no folder ${folder}`)} >&2; exit 1; fi`,
        "while IFS= read -r archive; do",
        '  ctr -n k8s.io images import "$archive" >/dev/null',
        // The kubelet may not collect what it could not pull again.
        '  while read -r name _; do ctr -n k8s.io images label "$name" io.cri-containerd.pinned=pinned >/dev/null; done < <(archive_images "$archive")',
        "done < <(missing_archives)",
      ),
      disruption: "none",
      remedy: `put the image archives of this version (kubeadm config images list) into ${folder} on the host`,
    },
  ];
}

/**
 * `archive_images FILE` prints `name digest` per image of an OCI layout archive, or `name` alone for a `docker save` archive
 * without index. `missing_archives` prints the archives of which containerd lacks an image, by name and digest.
 */
function imageFunctions(role: HostRole, folder: string): string {
  return `archive_images() {
  local index
  if index=$(tar -xOf "$1" --occurrence=1 index.json 2>/dev/null | tr -d ' \\n') && [[ $index == *io.containerd.image.name* ]]; then
    # One image per line: name and digest stand in the same object of "manifests".
    sed -E 's/\\{"mediaType"/\\n&/g' <<<"$index" | while IFS= read -r image; do
      name=$(grep -oE '"io.containerd.image.name":"[^"]+"' <<<"$image" | cut -d'"' -f4) || continue
      digest=$(grep -oE '"digest":"sha256:[0-9a-f]+"' <<<"$image" | head -n 1 | cut -d'"' -f4) || continue
      printf '%s %s\\n' "$name" "$digest"
    done
  else
    tar -xOf "$1" --occurrence=1 manifest.json | tr -d ' \\n' | grep -oE '"RepoTags":\\[[^]]*\\]' | grep -oE '"[^"]+:[^"]+"' | grep -v '^"RepoTags"' | tr -d '"'
  fi
}
missing_archives() {
  local have archive name digest
  have=$(ctr -n k8s.io images ls | awk 'NR > 1 {print $1, $3}')
  for archive in ${quote(folder)}/*.tar; do
    [ -e "$archive" ] || continue
    while read -r name digest; do
      ${role === "worker" ? `case $name in ${CONTROL_PLANE_ONLY}) continue ;; esac\n      ` : ""}if ! grep -qF -- "$name $digest" <<<"$have"; then
        printf '%s\\n' "$archive"
        break
      fi
    done < <(archive_images "$archive")
  done
}`;
}
