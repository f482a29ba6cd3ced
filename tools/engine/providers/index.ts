import { SshPool } from "../../ssh";
import type { ResourceProvider } from "../types";
import { KubernetesProvider } from "./kubernetes";
import { LocalCommandProvider } from "./local";
import { RandomProvider } from "./random";
import { RemoteCommandProvider } from "./remote";
import { TlsProvider } from "./tls";

export { KubernetesProvider, LocalCommandProvider, RandomProvider, RemoteCommandProvider, TlsProvider };

export interface ProviderOptions {
  /** Connections to share with others of the same run; closed with the remote provider. @default a pool of its own */
  readonly pool?: SshPool;
}

/** Everybody who acts on resources for real, for one run; close each at its end. Types that none handles are not acted on. */
export function defaultProviders(options: ProviderOptions = {}): ResourceProvider[] {
  return [
    new RemoteCommandProvider(options.pool),
    new LocalCommandProvider(),
    new RandomProvider(),
    new TlsProvider(),
    new KubernetesProvider(),
  ];
}
