/** `mainstay instance switchover` and `failover`: another node leads, by hand. */
import { LeaderChangeView } from "@mainstay/api-contract/platform.ts";
import { pause } from "@mainstay/runtime/pause.ts";
import { findInstance, listNodes, openApi } from "../api.ts";
import { CommandError } from "../errors.ts";
import { print, type ReadOptions, say } from "../print.ts";

export interface LeaderOptions extends ReadOptions {
  readonly target?: string;
  readonly reason?: string;
  /** Only of a failover. */
  readonly acceptLoss?: boolean;
  readonly wait?: boolean;
}

const limitMs = 60_000;

export async function changeLeader(
  kind: "switchover" | "failover",
  word: string,
  { dir, target, reason, acceptLoss, wait }: LeaderOptions,
): Promise<void> {
  const api = await openApi(dir);
  const { id } = await findInstance(api, word);
  const body = {
    ...(target && { target }),
    ...(reason && { reason }),
    ...(acceptLoss && { accept_loss: true }),
  };
  const answer = await api.request("POST", `/mainstay/v1/instances/${id}/${kind}`, LeaderChangeView, body);
  if (answer.accept_loss)
    say(`estimated loss: ${answer.estimated_loss_bytes ?? "an unknown number of"} bytes`);
  const startedMs = performance.now();
  const isDone = async () =>
    (await listNodes(api, id)).some((node) => node.id === answer.target && node.role === "primary");
  while (wait && !(await isDone())) {
    if (performance.now() - startedMs > limitMs) {
      throw new CommandError(`${answer.target} has not become primary`);
    }
    await pause(50);
  }
  print(wait ? `${answer.target} leads` : `${answer.target} will lead`);
}
