/** What happens to the network between nodes and the store. */
import type { End } from "./faults.ts";
import type { SimNode, World } from "./sim-node.ts";

export function cut(world: World, some: readonly string[], others: readonly string[]): End {
  const ends = [cutDirection(world, some, others), cutDirection(world, others, some)];
  return () => {
    for (const end of ends) end();
  };
}

export function cutDirection({ network }: World, some: readonly string[], others: readonly string[]): End {
  const links = pairs(some, others);
  for (const [from, to] of links) network.cut(from, to);
  return () => {
    for (const [from, to] of links) network.heal(from, to);
  };
}

/** A firewall before a node that lives: it resets every connection from the others and refuses new ones. */
export function refuse(world: World, node: SimNode, others: readonly string[]): End {
  const end = cut(world, [node.id], others);
  node.isRefusing = true;
  for (const id of others) world.serverOf(id)?.receiver?.closeReceiver();
  world.linksChanged();
  return () => {
    node.isRefusing = false;
    end();
  };
}

/** The strongest has detail 39. */
export function storm(
  { network }: World,
  detail: number,
  some: readonly string[],
  others: readonly string[],
): End {
  const strength = (1 + detail) / 40;
  const weather = {
    latencyMs: 5 + 60 * strength,
    lateChance: 0.5 * strength,
    lateMs: 2_500 * strength,
    lossChance: 0.5 * strength,
    twiceChance: 0.3 * strength,
  };
  const links = [...pairs(some, others), ...pairs(others, some)];
  for (const [from, to] of links) network.setWeather(from, to, weather);
  return () => {
    for (const [from, to] of links) network.setWeather(from, to, undefined);
  };
}

function pairs(some: readonly string[], others: readonly string[]): (readonly [string, string])[] {
  return some.flatMap((from) => others.map((to) => [from, to] as const));
}
