#!/usr/bin/env node
// The command line is TypeScript like the rest; tsx strips the types as it loads.
require("tsx/cjs");
require("../tools/turducken.ts");
