/** The plans (`node_type` on the wire): what a node of an instance gets. */
export interface Plan {
  readonly name: string;
  readonly description: string;
  readonly range: string;
  readonly vcpus: number;
  readonly memoryBytes: number;
  /** Size of the local volume (lssd), which comes with the plan. */
  readonly volumeBytes: number;
  readonly isDisabled: boolean;
}

const gib = 1024 ** 3;
const gb = 1_000_000_000;

const plan = (name: string, vcpus: number, memoryGib: number, volumeGb: number): Plan => ({
  name,
  description: `${vcpus} vCPU, ${memoryGib} GiB of memory, ${volumeGb} GB of local storage`,
  range: name.split("-").slice(0, 2).join("-"),
  vcpus,
  memoryBytes: memoryGib * gib,
  volumeBytes: volumeGb * gb,
  isDisabled: false,
});

export const plans: readonly Plan[] = [
  plan("db-dev-s", 2, 2, 5),
  plan("db-dev-m", 3, 4, 25),
  plan("db-dev-l", 4, 8, 50),
  plan("db-dev-xl", 4, 12, 75),
  plan("db-play2-pico", 1, 2, 10),
  plan("db-play2-nano", 2, 4, 20),
  plan("db-pro2-xxs", 2, 8, 50),
  plan("db-pro2-xs", 4, 16, 100),
  plan("db-pro2-s", 8, 32, 200),
];

/** Clients differ in case (the CLI lower-cases, users of Terraform do not): the canonical name is lower case. */
export function findPlan(name: string): Plan | undefined {
  const canonical = name.toLowerCase();
  return plans.find((one) => one.name === canonical);
}
