/** What the benchmark hurts: a pair of nodes behind one endpoint, whoever manages it. */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  readonly client: ClientOptions;
  /** Faults after which this system goes on with the same leader, where others fail over. */
  readonly keepsLeader: ReadonlySet<string>;
  /** Resolves when clients can write and commits wait for the standby. */
  healthy(): Promise<Pair>;
  /** Grows with each change of leader. */
  term(): Promise<number>;
  switchover(pair: Pair): Promise<void>;
  /** Ends the store and starts it again at once. */
  restartStore(): Promise<void>;
  /** What was decided and done since `sinceMs` (wall clock), oldest first. */
  steps(sinceMs: number): Promise<Step[]>;
}

export interface ClientOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface Pair {
  readonly primary: Machine;
  readonly standby: Machine;
}

export interface Machine {
  readonly id: string;
  /** Every process of the host at once; its kernel goes on refusing connections. */
  kill(): Promise<void>;
  start(): void;
  signal(name: NodeJS.Signals): Promise<void>;
  pid(of: "postmaster" | "agent"): Promise<number>;
  /** Drops its packets both ways; undefined where that cannot be done. */
  readonly network: { cut(): Promise<void>; mend(): Promise<void> } | undefined;
}

export interface Step {
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
}
