import { PolicyPack } from "@pulumi/policy";
import { graphFrom } from "./graph";
import { policies } from "./index";

/**
 * The rules as a Pulumi policy pack: `pulumi preview --policy-pack policies`. Making a PolicyPack starts a server, one per
 * process, so nothing else imports this file. Rules that look at secrets are `plan`'s alone.
 */
new PolicyPack("turducken", {
  policies: policies
    .filter(({ seesSecrets }) => !seesSecrets)
    .map((rule) => ({
      name: rule.id,
      description: `${rule.title}. ${rule.why}`,
      enforcementLevel: "mandatory",
      validateStack: (args, report) => {
        for (const found of rule.check(graphFrom(args))) {
          const text = `${found.message}${found.fix === undefined ? "" : `; do: ${found.fix}`}`;
          // A pack has one level per rule; what only wants a look is said without stopping the update.
          if (found.severity === "error") report(text, found.urn);
          else console.error(`warning ${rule.id}: ${text}`);
        }
      },
    })),
});
