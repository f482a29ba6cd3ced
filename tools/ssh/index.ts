export { SshConnection } from "./connection";
export { SshError } from "./errors";
export type { SshErrorKind } from "./errors";
export { fingerprint, parsePublicKey, publicKeyLine } from "./keys";
export { SshPool, placeOf } from "./pool";
export type { SshPoolOptions } from "./pool";
export type { ExecOptions, ExecResult, SshEndpoint, SshTarget, UploadOptions, UploadResult } from "./types";
