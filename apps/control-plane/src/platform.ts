import type { Compute } from "@mainstay/compute/compute.ts";
import type { Store } from "@mainstay/dcs/store.ts";
import type { ObservedInstances } from "./observed/observed-instances.ts";
import type { Jobs } from "./reconcile/jobs.ts";
import type { Database } from "./store/database.ts";
import type { PortRange } from "./store/endpoints.ts";

/** What use cases work with. */
export interface Platform {
  readonly db: Database;
  readonly jobs: Jobs;
  readonly compute: Compute;
  readonly store: Store;
  readonly observed: ObservedInstances;
  readonly caPem: string;
  readonly region: string;
  readonly endpointPorts: PortRange;
}

/** On whose behalf: what the API key belongs to. */
export interface Actor {
  readonly organizationId: string;
  readonly projectId: string;
}
