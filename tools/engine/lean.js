/**
 * Loaded into a program before the SDK (`node -r`); plain JavaScript, because it runs before anything is transpiled.
 *
 * The SDK takes a stack trace for each of some thirty promises a resource, maps it back to TypeScript frame by frame and keeps the text, to
 * name promises that were never awaited; only PULUMI_DEBUG_PROMISE_LEAKS prints it. Stack traces of errors and the source lines of resources
 * are taken elsewhere and stay as they are.
 */
const debuggable = require("@pulumi/pulumi/runtime/debuggable");

const { debuggablePromise } = debuggable;
debuggable.debuggablePromise = (promise, context) => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return debuggablePromise(promise, context);
  } finally {
    Error.stackTraceLimit = limit;
  }
};

/**
 * The SDK inspects what a program throws in colours, and Node 20.20 then spends up to a minute and a gigabyte on marking `node_modules` in a
 * source-mapped frame (seen with @pulumi/output.ts). Nobody sees the colours here.
 */
const util = require("node:util");

const { inspect } = util;
util.inspect = Object.assign(
  (value, options, ...rest) =>
    inspect(value, options !== null && typeof options === "object" ? { ...options, colors: false } : options, ...rest),
  inspect,
);
