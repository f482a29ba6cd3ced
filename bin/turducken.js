#!/usr/bin/env node
// The command line is TypeScript like the rest; tsx strips the types as it loads. Both of its loaders are needed: commands are
// loaded when they are asked for (import()), everything else at once (require).
import("tsx").then(() => require("../tools/turducken.ts"));
