/** `mainstay instance switchover` and `failover`: another node leads, by hand. */
import { LeaderChangeView } from "@mainstay/api-contract/platform.ts";
import { detailsPath, findInstance, openApi } from "../api.ts";
import { print, type ReadOptions, say } from "../print.ts";
import { waitUntilLeads } from "./wait.ts";

export interface LeaderOptions extends ReadOptions {
  readonly target?: string;
  readonly reason?: string;
  /** Only of a failover. */
  readonly acceptLoss?: boolean;
  readonly wait?: boolean;
}

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
  const answer = await api.request("POST", `${detailsPath(id)}/${kind}`, LeaderChangeView, body);
  if (answer.accept_loss)
    say(`estimated loss: ${answer.estimated_loss_bytes ?? "an unknown number of"} bytes`);
  if (wait) await waitUntilLeads(api, id, answer);
  print(wait ? `${answer.target} leads` : `${answer.target} will lead`);
}
