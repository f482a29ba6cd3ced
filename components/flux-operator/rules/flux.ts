import { MOUNT_PATH } from "../model/flux";
import type { MiniClusterObject } from "../model/spec";
import type { MiniClusterFlux } from "../model/flux";
import { isVariable, type Check } from "./check";
import { checkResources } from "./resources";

/** flux-framework/flux-sched:qmanager/policies/queue_policy_factory_impl.hpp@0a3e8178 */
const POLICIES = ["fcfs", "easy", "hybrid", "conservative", "coschedule"];
/** flux-framework/rfc:spec_23.rst@0cbe576c, Flux Standard Duration. */
const DURATION = /^(\d+(\.\d+)?(ms|s|m|h|d)?|infinity)$/;

export function checkFlux({ spec }: MiniClusterObject, check: Check): void {
  const flux = spec.flux ?? {};
  checkView(flux, check);
  checkBroker(flux, check);
  checkBursting(flux, check);
  for (const name of Object.keys(flux.environment ?? {})) {
    check.when(!isVariable(name) || /\s/.test(name), ["spec", "flux", "environment", name], {
      value: name,
      message: "It is not the name of a shell variable.",
      fix: "Correct the name.",
    });
  }
  check.when(Boolean(spec.archive?.path) && !spec.archive!.path!.startsWith("/"), ["spec", "archive", "path"], {
    value: spec.archive?.path,
    message: "It is not a path in the container.",
    allowed: "a path that begins with /",
    fix: "Write the whole path.",
  });
}

function checkView(flux: MiniClusterFlux, check: Check): void {
  const view = flux.container ?? {};
  const at = ["spec", "flux", "container"];
  check.when(view.mountPath !== undefined && ![MOUNT_PATH, ""].includes(view.mountPath), [...at, "mountPath"], {
    value: view.mountPath,
    message: "The operator's scripts write their files under the default, so nothing would find them here.",
    allowed: MOUNT_PATH,
    fix: "Leave it out.",
  });
  const ignored = { "container.imagePullSecret": view.imagePullSecret, arch: flux.arch, mungeSecret: flux.mungeSecret };
  for (const [field, value] of Object.entries(ignored)) {
    check.when(Boolean(value), ["spec", "flux", ...field.split(".")], {
      value,
      message: "The operator ignores it.",
      fix: field === "container.imagePullSecret" ? "Name it on a container: it is then the pod's." : "Take it out.",
    });
  }
  checkResources(view.resources, [...at, "resources"], check);
}

function checkBroker(flux: MiniClusterFlux, check: Check): void {
  const { connectTimeout, logLevel, curveCert, brokerConfig, scheduler = {} } = flux;
  check.when(Boolean(connectTimeout) && !DURATION.test(connectTimeout!), ["spec", "flux", "connectTimeout"], {
    value: connectTimeout,
    message: "It is not a duration of Flux, so no broker would start.",
    allowed: "a number with ms, s, m, h or d",
    fix: "Write e.g. 5s.",
  });
  check.when(logLevel !== undefined && (logLevel < 1 || logLevel > 7), ["spec", "flux", "logLevel"], {
    value: logLevel,
    message: logLevel === 0 ? "The operator takes 0 for none given, which means 6." : "It is not a level of syslog.",
    allowed: "a whole number from 1 to 7",
    fix: "Use `logging.quiet: true` to see nothing, or another number.",
  });
  check.when(
    Boolean(scheduler.queuePolicy) && !POLICIES.includes(scheduler.queuePolicy!),
    ["spec", "flux", "scheduler", "queuePolicy"],
    {
      value: scheduler.queuePolicy,
      message: "Fluxion has no such policy, so it would not start.",
      allowed: POLICIES.join(", "),
      fix: "Use one of the words, or leave it out.",
    },
  );
  const certificate = /public-key\s*=[\s\S]*secret-key\s*=/;
  check.when(Boolean(curveCert) && !certificate.test(curveCert!), ["spec", "flux", "curveCert"], {
    message: "It is not a CURVE certificate with its secret key, so brokers could not join.",
    allowed: "the text that flux keygen writes",
    fix: "Give the whole text, or leave it out and the operator makes one.",
  });
  check.when(/^EOT$/m.test(brokerConfig ?? ""), ["spec", "flux", "brokerConfig"], {
    message: "A line `EOT` ends it, because the operator writes it with that word as its end.",
    fix: "Take the line out.",
  });
}

function checkBursting(flux: MiniClusterFlux, check: Check): void {
  const { leadBroker, hostlist = "", clusters = [] } = flux.bursting ?? {};
  const at = ["spec", "flux", "bursting"];
  check.when(hostlist !== "" && clusters.length > 0, [...at, "hostlist"], {
    value: hostlist,
    message: "There are clusters as well; the operator refuses that in its log only.",
    allowed: "`hostlist` or `clusters`",
    fix: "Take one of them out.",
  });
  // pkg/flux/view.go@0d75cef8 generateHostBlock: five places, four values, numbers as text.
  check.when(leadBroker !== undefined && !flux.brokerConfig, [...at, "leadBroker"], {
    message: "The operator writes malformed hosts for it, and no broker would start.",
    fix: "Write the whole `flux.brokerConfig` beside it.",
  });
  // minicluster_types.go@0d75cef8 Validate fills the defaults into a copy that is thrown away.
  clusters.forEach(({ name, size }, index) => {
    check.when(!name, [...at, "clusters", index, "name"], {
      message: "It is missing, and the operator's own name for it never arrives.",
      fix: "Write the name of the other MiniCluster.",
    });
    check.when(!size || size < 1, [...at, "clusters", index, "size"], {
      value: size,
      message: "It is missing or no number of pods, and the operator's own does not arrive.",
      allowed: "a whole number from 1",
      fix: "Write the size of the other MiniCluster.",
    });
  });
}
