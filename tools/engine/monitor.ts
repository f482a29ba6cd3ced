/** The gRPC services that a Pulumi program talks to: ResourceMonitor and Engine on one loopback port. */
import * as grpc from "@grpc/grpc-js";
import { readableError } from "./errors";
import type { FaultFinder } from "./faults";
import type { Answerer } from "./program";
import { type DecodeContext, decodeStruct, encodeStruct, isPlaceholder, transform } from "./properties";
import { readRequest } from "./request";
import { Empty, EngineService, FEATURES, ResourceMonitorService, engine, provider, resource } from "./sdk";
import type { SecretScanner } from "./secrets";
import {
  type Diagnostic,
  type GraphResource,
  type ProgramRun,
  type PropertyMap,
  type PropertyValue,
  Secret,
  Unknown,
} from "./types";
import { STACK_TYPE, makeUrn } from "./urn";

type Handler<Request, Response> = (request: Request) => Promise<Response> | Response;
const SEVERITIES: readonly Diagnostic["severity"][] = ["debug", "info", "warning", "error"];

export class Monitor {
  readonly resources: GraphResource[] = [];
  stackOutputs: PropertyMap = {};
  private readonly server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  private rootUrn = "";

  constructor(
    private readonly run: ProgramRun,
    private readonly answerer: Answerer,
    private readonly finder: FaultFinder,
    private readonly scanner: SecretScanner,
    private readonly report: (diagnostic: Diagnostic) => void,
  ) {
    this.server.addService(ResourceMonitorService as grpc.ServiceDefinition, this.monitorService());
    this.server.addService(EngineService as grpc.ServiceDefinition, this.engineService());
  }

  /** Returns `127.0.0.1:port`. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
      );
    });
  }

  close(): void {
    this.server.forceShutdown();
  }

  private monitorService(): grpc.UntypedServiceImplementation {
    return serve(ResourceMonitorService, {
      supportsFeature: handler((request: resource.SupportsFeatureRequest) =>
        new resource.SupportsFeatureResponse().setHassupport(FEATURES.has(request.getId())),
      ),
      registerPackage: handler((request: resource.RegisterPackageRequest) =>
        new resource.RegisterPackageResponse().setRef(request.getName()),
      ),
      registerResource: handler((request: resource.RegisterResourceRequest) => this.register(request)),
      registerResourceOutputs: handler((request: resource.RegisterResourceOutputsRequest) => this.outputs(request)),
      readResource: handler((request: resource.ReadResourceRequest) => this.read(request)),
      invoke: handler((request: resource.ResourceInvokeRequest) => this.invoke(request)),
      signalAndWaitForShutdown: handler(() => new Empty()),
    });
  }

  private engineService(): grpc.UntypedServiceImplementation {
    return serve(EngineService, {
      log: handler((request: engine.LogRequest) => this.log(request)),
      getRootResource: handler(() => new engine.GetRootResourceResponse().setUrn(this.rootUrn)),
      setRootResource: handler((request: engine.SetRootResourceRequest) => {
        this.rootUrn = request.getUrn();
        return new engine.SetRootResourceResponse();
      }),
      requirePulumiVersion: handler(() => new engine.RequirePulumiVersionResponse()),
    });
  }

  private log(request: engine.LogRequest): Empty {
    const severity = SEVERITIES[request.getSeverity()] ?? "info";
    const message = severity === "error" ? readableError(request.getMessage()) : request.getMessage();
    if (severity !== "debug") this.report({ severity, message, urn: request.getUrn() || undefined });
    return new Empty();
  }

  private context(subject: string, urn?: string): DecodeContext {
    return { directory: this.run.directory, fault: (message) => this.finder.add(`${subject}: ${message}`, urn) };
  }

  private async register(request: resource.RegisterResourceRequest): Promise<resource.RegisterResourceResponse> {
    const subject = `${request.getName()} (${request.getType()})`;
    const raw = readRequest(request, this.run.stack, this.run.project, this.context(subject));
    const sound = this.finder.check(raw);
    const registered = { ...raw, inputs: this.guarded(raw.inputs) };
    this.resources.push(registered);
    if (request.getRemote())
      this.finder.add(`${subject}: a component of another language cannot be run here; its children would be invisible`, raw.urn);
    const answer = await this.answerer.register(registered, sound && !request.getRemote());
    const response = new resource.RegisterResourceResponse().setUrn(registered.urn).setId(answer.id ?? "");
    response.setObject(encodeStruct(answer.outputs));
    const results = { success: resource.Result.SUCCESS, fail: resource.Result.FAIL, skip: resource.Result.SKIP };
    return response.setResult(results[answer.result ?? "success"]);
  }

  private outputs(request: resource.RegisterResourceOutputsRequest): Empty {
    const urn = request.getUrn();
    const raw = decodeStruct(request.getOutputs(), this.context("outputs", urn));
    this.finder.checkOutputs(urn, raw);
    const outputs = this.guarded(raw);
    if (
      urn === this.rootUrn ||
      urn === makeUrn(this.run.stack, this.run.project, undefined, STACK_TYPE, `${this.run.project}-${this.run.stack}`)
    ) {
      this.stackOutputs = outputs;
    }
    this.answerer.outputs(urn, outputs);
    return new Empty();
  }

  private async read(request: resource.ReadResourceRequest): Promise<resource.ReadResourceResponse> {
    const parent = request.getParent() || undefined;
    const urn = makeUrn(this.run.stack, this.run.project, parent, request.getType(), request.getName());
    const inputs = this.guarded(decodeStruct(request.getProperties(), this.context(request.getName(), urn)));
    const read = { urn, type: request.getType(), name: request.getName(), id: request.getId(), parent, inputs };
    const answer = await this.answerer.read(read);
    return new resource.ReadResourceResponse().setUrn(urn).setProperties(encodeStruct(answer.outputs));
  }

  private async invoke(request: resource.ResourceInvokeRequest): Promise<provider.InvokeResponse> {
    const args = this.guarded(decodeStruct(request.getArgs(), this.context(request.getTok())));
    const answer = await this.answerer.invoke(request.getTok(), args, request.getProvider() || undefined);
    const response = new provider.InvokeResponse();
    if ("outputs" in answer) return response.setReturn(encodeStruct(answer.outputs));
    return response.setFailuresList([new provider.CheckFailure().setReason(answer.failure).setProperty(request.getTok())]);
  }

  /**
   * What stands in for a secret that could not be decrypted is not a value anybody should see, and a secret that leaked into plain text
   * (a fault already) must not go on from here into a plan or a checkpoint.
   */
  private guarded(map: PropertyMap): PropertyMap {
    const guard = (value: PropertyValue): PropertyValue => {
      if (typeof value !== "string") return value;
      if (this.run.dryRun && isPlaceholder(value)) return new Unknown();
      return this.scanner.shows(value) ? new Secret(value) : value;
    };
    const flat = (value: PropertyValue): PropertyValue =>
      value instanceof Secret && value.value instanceof Secret ? value.value : guard(value);
    return transform(map, flat) as PropertyMap;
  }
}

function handler<Request, Response>(handle: Handler<Request, Response>): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) =>
          callback({ code: grpc.status.INTERNAL, message: error instanceof Error ? error.message : String(error) }),
      );
  };
}

/** Everything else the services know is UNIMPLEMENTED, which the SDK takes as "an old engine". */
function serve(
  service: object,
  handlers: Record<string, grpc.handleUnaryCall<never, never> | grpc.handleUnaryCall<never, unknown> | unknown>,
): grpc.UntypedServiceImplementation {
  const refuse =
    (method: string): grpc.handleUnaryCall<unknown, unknown> =>
    (_call, callback) =>
      callback({ code: grpc.status.UNIMPLEMENTED, message: `this engine does not implement ${method}` });
  return Object.fromEntries(
    Object.keys(service).map((method) => [method, (handlers[method] ?? refuse(method)) as grpc.UntypedHandleCall]),
  );
}
