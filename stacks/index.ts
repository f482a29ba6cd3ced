import { program } from "./program";

// Pulumi calls an exported function inside the stack and awaits its outputs.
export = program;
