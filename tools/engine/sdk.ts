/**
 * The only file that reaches into @pulumi/pulumi: its gRPC stubs are shipped but not exported as API, so a new SDK version is
 * checked here first (versions are pinned in package.json).
 */
import * as path from "node:path";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { ListValue, NullValue, Struct, Value } from "google-protobuf/google/protobuf/struct_pb";
import * as engine from "@pulumi/pulumi/proto/engine_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as provider from "@pulumi/pulumi/proto/provider_pb";
import * as resource from "@pulumi/pulumi/proto/resource_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";

export { Empty, EngineService, ListValue, NullValue, ResourceMonitorService, Struct, Value, engine, provider, resource };

/** The program that the real Node language host starts, `node cmd/run --monitor=… .`. */
export const runScript = path.join(path.dirname(require.resolve("@pulumi/pulumi/package.json")), "cmd", "run");

/** Exit code of `cmd/run` when the error was already reported through the engine's log (cmd/run/index.js). */
export const EXIT_ALREADY_LOGGED = 32;

/** Keys and marks of wrapped values on the wire: @pulumi/pulumi runtime/rpc.js, pulumi/pulumi:sdk/go/common/resource/properties.go. */
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
export const SIGNATURES = {
  secret: "1b47061264138c4ac30d75fd1eb44270",
  asset: "c44067f5952c0a294b673a41bacd8c17",
  archive: "0def7320c3a5731c473e5ecbe6d01bc7",
  resource: "5cf8f73096256a8f31e491e813e4eb8e",
  output: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
} as const;
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Features that this engine answers yes to; transforms and hooks need a callback server in the program and are not used here. */
export const FEATURES: ReadonlySet<string> = new Set([
  "secrets",
  "resourceReferences",
  "outputValues",
  "aliasSpecs",
  "deletedWith",
]);
