import type { MiniClusterContainer } from "../model/container";
import { isSubdomain, isVariable, type Check, type Place } from "./check";
import { checkResources } from "./resources";

/** What every container may get wrong, whatever it is for. */
export function checkContainerFields(container: MiniClusterContainer, at: Place, check: Check): void {
  check.when(container.image === "", [...at, "image"], {
    value: "",
    message: "It is empty, so the API server refuses the Job; the operator then tries for ever.",
    fix: "Name the image with its digest.",
  });
  checkPull(container, at, check);
  checkPorts(container.ports ?? [], [...at, "ports"], check);
  checkEnvironment(container, at, check);
  checkHooks(container, at, check);
  checkScript(container, at, check);
  checkResources(container.resources, [...at, "resources"], check);
}

function checkPull({ imagePullPolicy, imagePullSecret, pullAlways }: MiniClusterContainer, at: Place, check: Check): void {
  const words = ["Always", "IfNotPresent", "Never"];
  check.when(Boolean(imagePullPolicy) && !words.includes(imagePullPolicy!), [...at, "imagePullPolicy"], {
    value: imagePullPolicy,
    message: "The API server refuses the Job; the operator then tries for ever.",
    allowed: words.join(", "),
    fix: "Use one of the words, or leave it out.",
  });
  check.when(pullAlways === true && Boolean(imagePullPolicy) && imagePullPolicy !== "Always", [...at, "pullAlways"], {
    value: true,
    message: `It overrules \`imagePullPolicy: ${imagePullPolicy}\`.`,
    fix: "Take one of them out.",
  });
  check.when(Boolean(imagePullSecret) && !isSubdomain(imagePullSecret!), [...at, "imagePullSecret"], {
    value: imagePullSecret,
    message: "It is not the name of a Secret.",
    fix: "Correct the name.",
  });
}

function checkPorts(ports: readonly number[], at: Place, check: Check): void {
  ports.forEach((port, index) => {
    check.when(port < 1 || port > 65535, [...at, index], {
      value: port,
      message: "It is not a port.",
      allowed: "a whole number from 1 to 65535",
      fix: "Correct the number.",
    });
    check.when(ports.indexOf(port) < index, [...at, index], {
      value: port,
      message: "It is named twice.",
      fix: "Take one out.",
    });
  });
}

function checkEnvironment({ environment = {}, secrets = {} }: MiniClusterContainer, at: Place, check: Check): void {
  for (const [field, names] of [
    ["environment", Object.keys(environment)],
    ["secrets", Object.keys(secrets)],
  ] as const) {
    for (const name of names) {
      check.when(!isVariable(name), [...at, field, name], {
        value: name,
        message: "It is not the name of an environment variable; the API server refuses the Job.",
        allowed: "printable ASCII without `=`",
        fix: "Correct the name.",
      });
    }
  }
  for (const [variable, { name, key }] of Object.entries(secrets)) {
    check.when(Object.hasOwn(environment, variable), [...at, "secrets", variable], {
      message: "The same variable stands in `environment`.",
      fix: "Take one of them out.",
    });
    check.when(!isSubdomain(name), [...at, "secrets", variable, "name"], {
      message: "It is not the name of a Secret.",
      fix: "Correct the name.",
    });
    check.when(!/^[-._a-zA-Z0-9]{1,253}$/.test(key), [...at, "secrets", variable, "key"], {
      message: "It is not a key of a Secret.",
      allowed: "letters, digits, `-`, `_` and `.`",
      fix: "Correct the key.",
    });
  }
}

/** controllers/flux/state.go@0d75cef8: the whole text is the name of the program. */
function checkHooks({ lifeCycle = {} }: MiniClusterContainer, at: Place, check: Check): void {
  for (const hook of ["postStartExec", "preStopExec"] as const) {
    check.when(/\s/.test(lifeCycle[hook]?.trim() ?? ""), [...at, "lifeCycle", hook], {
      value: lifeCycle[hook],
      message:
        "The operator runs the whole text as one program's name, without arguments; a failing start hook ends the container.",
      allowed: "the path of one program",
      fix: "Put the line into a program of the image and name that.",
    });
  }
}

/** pkg/flux/templates/components.sh@0d75cef8 writes it between `<<EOF` and `EOF`. */
function checkScript({ commands = {} }: MiniClusterContainer, at: Place, check: Check): void {
  check.when(/^EOF$/m.test(commands.script ?? ""), [...at, "commands", "script"], {
    message: "A line `EOF` ends the script, because the operator writes it with that word as its end.",
    fix: "Use another word inside the script.",
  });
}
